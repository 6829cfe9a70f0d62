/**
 * The keys of the roles. Each role logs in with an nkey: the process has the seed, which is secret, and the broker knows
 * only the public key.
 */
import { nkeys } from '@nats-io/transport-node';
import { BROKER_ROLES, type BrokerRole, type Permissions, permissionsOf } from './roles.ts';

export type RoleSeeds = Readonly<Record<BrokerRole, string>>;

/** `authorization` in the configuration of nats-server. */
export interface Authorization {
  readonly users: readonly { readonly nkey: string; readonly permissions: Permissions }[];
}

export function newSeeds(): RoleSeeds {
  return Object.fromEntries(BROKER_ROLES.map((role) => [role, newSeed()])) as RoleSeeds;
}

export function newSeed(): string {
  return new TextDecoder().decode(nkeys.createUser().getSeed());
}

/** @throws {Error} if a seed is damaged. */
export function authorizationOf(seeds: RoleSeeds): Authorization {
  return {
    users: BROKER_ROLES.map((role) => ({ nkey: publicKeyOf(seeds[role]), permissions: permissionsOf(role) })),
  };
}

/** @throws {Error} if the seed is damaged: it holds a checksum. */
export function publicKeyOf(seed: string): string {
  return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
}
