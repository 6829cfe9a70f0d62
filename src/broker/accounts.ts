/**
 * The accounts of nats-server in which the roles are. Gateways and workers share one, with the streams of tasks. The
 * streams of API keys and of the audit are in the account of the admin, and observers have one without streams.
 *
 * nats-server sends a reply to any subject that the request names, without a look at the rights of the asker. But it
 * never leaves the account of the asker, except by an import. So no reply can become an API key or delete one, and none
 * to an observer reaches any stream.
 */
import { streams, subjects } from '../contract/subjects.ts';
import { type BrokerRole, NOTICES, type Permissions, permissionsOf, READ_BY_OBSERVERS } from './roles.ts';
import { ADMIN_API, GUARDED_STREAMS, OWN_API, TASKS_API } from './streamApis.ts';

/** The account with the streams of tasks. */
export const TASKS_ACCOUNT = 'TIDINGS';
const ADMIN = 'TIDINGS_ADMIN';
const OBSERVER = 'TIDINGS_OBSERVER';

/** `accounts` in the configuration of nats-server. */
export type Accounts = Readonly<Record<string, Account>>;

interface Account {
  readonly jetstream?: 'enabled';
  readonly users: readonly { readonly nkey: string; readonly permissions: Permissions }[];
  readonly mappings?: Readonly<Record<string, string>>;
  readonly exports?: readonly Export[];
  readonly imports: readonly Import[];
}

type Export = Shared & { readonly accounts: readonly string[]; readonly response_type?: 'stream' };
type Shared = { readonly service: string } | { readonly stream: string };
interface Place {
  readonly account: string;
  readonly subject: string;
}
type Import = ({ readonly service: Place } | { readonly stream: Place }) & { readonly to?: string };

/** @param publicKeys the nkey of each role. */
export function accountsOf(publicKeys: Readonly<Record<BrokerRole, string>>): Accounts {
  const user = (role: BrokerRole) => ({ nkey: publicKeys[role], permissions: permissionsOf(role) });
  return {
    [TASKS_ACCOUNT]: {
      jetstream: 'enabled',
      users: [user('gateway'), user('worker'), user('trainer')],
      exports: [
        { service: `${OWN_API}.>`, accounts: [ADMIN, OBSERVER] },
        { stream: subjects.allAdvisories, accounts: [ADMIN, OBSERVER] },
        ...NOTICES.map((stream) => ({
          stream,
          accounts: stream === subjects.versionChanges ? [ADMIN, OBSERVER] : [OBSERVER],
        })),
      ],
      imports: [...GUARDED_READS, DIRECT_AUDIT, subjects.allAudit].map((subject) => service(ADMIN, subject)),
    },
    [ADMIN]: {
      jetstream: 'enabled',
      users: [user('admin')],
      // With the names of its own API, an export of it and the import of the other account's would be a cycle.
      mappings: { [`${ADMIN_API}.>`]: `${OWN_API}.>` },
      exports: [
        ...GUARDED_READS.map((subject) => ({ service: subject, accounts: [TASKS_ACCOUNT, OBSERVER] })),
        { service: DIRECT_AUDIT, accounts: [TASKS_ACCOUNT], response_type: 'stream' },
        { service: subjects.allAudit, accounts: [TASKS_ACCOUNT] },
      ],
      imports: [
        { ...service(TASKS_ACCOUNT, `${OWN_API}.>`), to: `${TASKS_API}.>` },
        { stream: { account: TASKS_ACCOUNT, subject: subjects.allAdvisories } },
        { stream: { account: TASKS_ACCOUNT, subject: subjects.versionChanges } },
      ],
    },
    [OBSERVER]: {
      users: [user('observer')],
      imports: [
        ...READ_BY_OBSERVERS.map((subject) => service(TASKS_ACCOUNT, subject)),
        ...GUARDED_READS.map((subject) => service(ADMIN, subject)),
        ...[...NOTICES, subjects.allAdvisories].map((subject) => ({
          stream: { account: TASKS_ACCOUNT, subject },
        })),
      ],
    },
  };
}

/** What other roles may ask about the streams in the account of the admin. */
const GUARDED_READS = [
  `${ADMIN_API}.STREAM.NAMES`,
  ...GUARDED_STREAMS.flatMap((name) => [
    `${ADMIN_API}.STREAM.INFO.${name}`,
    `${ADMIN_API}.STREAM.MSG.GET.${name}`,
  ]),
];
const DIRECT_AUDIT = `${ADMIN_API}.DIRECT.GET.${streams.audit}`;

function service(account: string, subject: string): Import {
  return { service: { account, subject } };
}
