/**
 * The keys of the roles. Each role logs in with an nkey: the process has the seed, which is secret, and the broker knows
 * only the public key.
 */
import { nkeys } from '@nats-io/transport-node';
import { BROKER_ROLES, type BrokerRole } from './roles.ts';

export type RoleSeeds = Readonly<Record<BrokerRole, string>>;

export function newSeeds(): RoleSeeds {
  return eachRole(newSeed);
}

export function newSeed(): string {
  return new TextDecoder().decode(nkeys.createUser().getSeed());
}

/** @throws {Error} if a seed is damaged. */
export function publicKeysOf(seeds: RoleSeeds): Readonly<Record<BrokerRole, string>> {
  return eachRole((role) => publicKeyOf(seeds[role]));
}

/** @throws {Error} if the seed is damaged: it holds a checksum. */
export function publicKeyOf(seed: string): string {
  return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
}

function eachRole(textOf: (role: BrokerRole) => string): Readonly<Record<BrokerRole, string>> {
  return Object.fromEntries(BROKER_ROLES.map((role) => [role, textOf(role)])) as Record<BrokerRole, string>;
}
