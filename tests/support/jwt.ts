/**
 * What `nsc` makes for a broker in operator mode, without `nsc`: the JWTs of an operator and an account, and the
 * credentials of a user.
 */
import { randomUUID } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const UNLIMITED = { subs: -1, data: -1, payload: -1 };
const ACCOUNT_LIMITS = {
  ...UNLIMITED,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
};

export interface OperatorMode {
  /** Lines for the configuration of nats-server. */
  readonly config: string;
  /** The content of a credentials file. @param lifetimeS of the JWT, from now; negative: it has expired. */
  credentials(lifetimeS: number): string;
}

export function operatorMode(): OperatorMode {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const system = nkeys.createAccount();
  const accountJwt = (key: KeyPair, name: string, limits: object) =>
    jwt(operator, key, { name, nats: { type: 'account', version: 2, limits } });
  const operatorJwt = jwt(operator, operator, {
    name: 'operator',
    nats: { type: 'operator', version: 2, system_account: system.getPublicKey() },
  });
  return {
    config: `operator: ${operatorJwt}
resolver: MEMORY
resolver_preload: {
  ${account.getPublicKey()}: ${accountJwt(account, 'tidings', ACCOUNT_LIMITS)}
  ${system.getPublicKey()}: ${accountJwt(system, 'system', { ...ACCOUNT_LIMITS, mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 })}
}
`,
    credentials(lifetimeS) {
      const user = nkeys.createUser();
      const exp = Math.floor(Date.now() / 1000) + lifetimeS;
      const userJwt = jwt(account, user, {
        name: 'user',
        exp,
        nats: { type: 'user', version: 2, ...UNLIMITED },
      });
      return `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------

*************************************************************
`;
    },
  };
}

function jwt(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const about = {
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
  };
  const content = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { ...about, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = Buffer.from(issuer.sign(new TextEncoder().encode(content))).toString('base64url');
  return `${content}.${signature}`;
}
