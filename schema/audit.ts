/** The record of what operators did, for operators. */
import { type AuditPage, auditCursorOf, MAX_AUDIT_PAGE } from '../src/audit/audit.ts';
import type { StoredAuditEntry } from '../src/broker/broker.ts';
import { type AuditEntry, AuditOutcome } from '../src/contract/messages/auditEntry.ts';
import type { Builder } from './builder.ts';
import type { PageInfoRef } from './pageInfo.ts';

const DEFAULT_PAGE = 20;
const OUTCOMES: Readonly<Record<AuditOutcome, string>> = {
  BEGUN: 'The action has begun. Another entry with the same id tells how it ended, unless the gateway died.',
  DONE: 'The action was done.',
  FAILED: 'The action failed, perhaps with a part of it done.',
  REFUSED: 'The client is no operator. Nothing was done.',
};

export function defineAudit(builder: Builder, pageInfoRef: PageInfoRef): void {
  const outcomeRef = builder.enumType('AuditOutcome', {
    description: 'What came of an action of an operator.',
    values: Object.fromEntries(
      Object.values(AuditOutcome).map((outcome) => [
        outcome,
        { value: outcome, description: OUTCOMES[outcome] },
      ]),
    ),
  });
  const entryRef = builder.objectRef<AuditEntry>('AuditEntry').implement({
    description: 'What an operator did, or a client was refused.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Id of the action. Its begin and its end have the same.' }),
      at: t.expose('at', { type: 'DateTime', description: 'When it was recorded.' }),
      action: t.exposeString('action', { description: 'Name of the field of this schema.' }),
      outcome: t.field({
        type: outcomeRef,
        description: 'What came of it.',
        resolve: ({ outcome }) => outcome,
      }),
      owner: t.exposeString('owner', { description: 'The owner that the client acts for.' }),
      address: t.exposeString('address', {
        nullable: true,
        description:
          'Address of the client; that of its proxy, unless `TRUST_PROXY` of the gateway names the proxy.',
      }),
      target: t.exposeString('target', {
        nullable: true,
        description: 'The model or the id of the task that it is about.',
      }),
      code: t.exposeString('code', {
        nullable: true,
        description: 'Code of the refusal or the failure, as in `extensions.code`.',
      }),
      asked: t.exposeString('asked', { nullable: true, description: 'The arguments, as JSON.' }),
      before: t.exposeString('before', {
        nullable: true,
        description: 'What was there before, as JSON; null if it is not known.',
      }),
      after: t.exposeString('after', {
        nullable: true,
        description: 'What is there now, as JSON; null unless the action was done.',
      }),
      leftOut: t.int({
        description: 'Number of refusals like this one that have no entry: one a second is recorded.',
        resolve: ({ leftOut = 0 }) => leftOut,
      }),
    }),
  });
  const edgeRef = builder.objectRef<StoredAuditEntry>('AuditEntryEdge').implement({
    description: 'An audit entry with its cursor.',
    fields: (t) => ({
      cursor: t.string({
        description: 'Position of the entry, for `after`. Opaque.',
        resolve: auditCursorOf,
      }),
      node: t.expose('entry', { type: entryRef, description: 'The entry.' }),
    }),
  });
  const connectionRef = builder.objectRef<AuditPage>('AuditEntryConnection').implement({
    description: 'A page of audit entries.',
    fields: (t) => ({
      edges: t.expose('entries', { type: [edgeRef], description: 'The entries of the page, newest first.' }),
      pageInfo: t.field({
        type: pageInfoRef,
        description: 'Where the page begins and ends.',
        resolve: ({ entries, after, hasNextPage }) => {
          const cursors = entries.map(auditCursorOf);
          return {
            hasNextPage,
            hasPreviousPage: after !== undefined,
            startCursor: cursors[0],
            endCursor: cursors.at(-1) ?? after,
          };
        },
      }),
    }),
  });
  builder.queryField('auditLog', (t) =>
    t.field({
      type: connectionRef,
      description:
        'What operators did on all gateways, and what clients were refused because they are no operators; newest first. Entries cannot be changed or deleted. They are kept for a year, of actions and of refusals the newest few thousand each. For operators (`FORBIDDEN`).',
      args: {
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: `The most entries of the page: 1 to ${MAX_AUDIT_PAGE}.`,
        }),
        after: t.arg.string({ description: 'The page begins after the entry with this cursor.' }),
      },
      resolve: async (_root, { first, after }, context) => {
        await context.audit.admit(context, { action: 'auditLog' });
        return context.audit.page(first, after ?? undefined);
      },
    }),
  );
}
