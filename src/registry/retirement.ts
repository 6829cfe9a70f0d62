/** Retires versions of the registry: for an operator, or because newer ones have taken their place. */
import type { Broker, RegisteredVersion } from '../broker/broker.ts';
import { badValue, brokerUnavailable, quoted, RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { Owner } from '../contract/owner.ts';
import { namedBy } from './retention.ts';

export interface RetirementBroker {
  readonly versions: Pick<Broker['versions'], 'read' | 'retire'>;
  readonly rollouts: Pick<Broker['rollouts'], 'read'>;
  now(): number;
}

export interface Retirement {
  readonly model: string;
  readonly version: string;
  readonly by: Owner;
  /** Whether MODELS_DIR has a folder of that version. @default false */
  readonly inFolder?: boolean;
}

/**
 * Retires a version. Its number is never used again. Nothing happens if it is retired already.
 *
 * @throws {RequestError} `BAD_USER_INPUT` if the registry has no such version, `VERSION_IN_USE` if the rollout of the model
 *   names it, `BROKER_UNAVAILABLE`.
 */
export async function retireVersion(
  broker: RetirementBroker,
  { model, version, by, inFolder = false }: Retirement,
): Promise<RegisteredVersion> {
  const versions = (await broker.versions.read()).versions.filter((each) => each.model === model);
  const found = versions.find((each) => each.version === version);
  if (found === undefined && inFolder)
    throw badValue(
      'version',
      'in the registry',
      `${quoted(version)}, a folder of MODELS_DIR: remove the folder ${model}/${version} instead`,
    );
  if (found === undefined) {
    const present = versions.flatMap(({ retired, version: name }) => (retired === undefined ? name : []));
    throw badValue('version', `in the registry (${present.join(', ') || 'none is'})`, quoted(version));
  }
  if (found.retired !== undefined) return found;
  if (namedBy((await broker.rollouts.read(model)).record).has(version))
    throw new RequestError(
      RequestErrorCode.VersionInUse,
      `The rollout of ${model} names version ${version}: set a rollout without it first.`,
    );
  await retire(broker, found, by);
  return found;
}

/** @throws {RequestError} `BROKER_UNAVAILABLE`. */
export async function retire(
  broker: Pick<RetirementBroker, 'versions' | 'now'>,
  version: RegisteredVersion,
  by: Owner,
): Promise<void> {
  const retired = { v: MESSAGE_VERSION, retiredAt: broker.now(), by };
  const outcome = await broker.versions.retire(version, retired);
  if (outcome.type !== 'stored' && outcome.type !== 'alreadyThere') throw brokerUnavailable(outcome.reason);
}
