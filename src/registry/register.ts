/**
 * Gives a version its number and stores its record. All its files are artifacts before: a reader knows a version by its
 * record only, so it never sees a part of one.
 *
 * The number is one more than the highest that the registry, retired ones included, or a folder of MODELS_DIR has. The
 * record is stored only if nothing was stored since the registry was read. After a refusal it is read again, and a record
 * that names this task or these weights is ours. So two trainers that finish the same task make one version, also if one
 * of them was stopped for hours.
 */
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistryContent, VersionStore } from '../broker/broker.ts';
import type { Artifacts } from '../contract/artifact.ts';
import { brokerUnavailable, RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import { isVersionName, versionsIn } from '../models/folders.ts';
import type { ModelVersion } from '../models/models.ts';
import { signed } from './signature.ts';

/** A version that has no number yet. */
export type NewVersion = Omit<VersionRecord, 'v' | 'version' | 'signature'>;

export interface RegisterOptions {
  readonly versions: Pick<VersionStore, 'read' | 'store'>;
  readonly artifacts: Pick<Artifacts, 'find'>;
  readonly modelsDir: string;
  /** Signs the record; undefined: it is not signed. */
  readonly signingKey: KeyObject | undefined;
}

/** Thrown if the version cannot be registered, also if it is tried again. */
export class CannotRegister extends Error {}

/** The wanted number is that of another version. */
export class NumberTaken extends CannotRegister {}

const WITHIN_MS = 60_000;
const RETRY_MS = 200;

/** A version that is pushed or uploaded, as its version.json tells it: checks of a gate and a profile are not known. */
export function newVersion(
  model: string,
  { sha256, created, metrics }: ModelVersion,
  { files, owner, taskId }: Pick<VersionRecord, 'files' | 'owner'> & { readonly taskId?: string | undefined },
): NewVersion {
  return {
    model,
    files,
    sha256,
    created: Date.parse(created),
    owner,
    metrics,
    gates: [],
    profile: [],
    ...(taskId !== undefined && { taskId }),
  };
}

/**
 * @param wanted the number to take. Undefined: the next one.
 * @returns the record that is stored, which may be of an earlier try.
 * @throws {CannotRegister} if a file is no artifact, or no number is left; `NumberTaken` if another version has the wanted
 *   number.
 * @throws {RequestError} `BROKER_UNAVAILABLE`, also after a minute of refusals; `BLOB_STORE_FULL` if there is no room.
 */
export async function registerVersion(
  version: NewVersion,
  options: RegisterOptions,
  wanted?: string,
): Promise<{ readonly record: VersionRecord; readonly isNew: boolean }> {
  const { versions, signingKey } = options;
  await requireFiles(version, options.artifacts);
  const giveUpAt = performance.now() + WITHIN_MS;
  for (;;) {
    const content = await versions.read();
    const ours = earlierRecord(content, version, wanted);
    if (ours !== undefined) return { record: ours, isNew: false };
    const number = wanted ?? (await nextNumber(content, version.model, options.modelsDir));
    const plain: VersionRecord = { v: MESSAGE_VERSION, ...version, version: number };
    const record = signingKey === undefined ? plain : signed(plain, signingKey);
    const outcome = await versions.store(record, content.lastSequence);
    if (outcome.type === 'stored') return { record, isNew: true };
    if (outcome.type === 'refused')
      throw new CannotRegister(`the broker refuses the record: ${outcome.reason}`);
    if (performance.now() > giveUpAt)
      throw outcome.type === 'full' ? registryFull(outcome.reason) : brokerUnavailable(outcome.reason);
    // Another record was stored, or this one was and its answer was lost. The next read tells.
    if (outcome.type !== 'changed') await sleep(RETRY_MS);
  }
}

/** @throws {NumberTaken} if the wanted number is another version's. */
function earlierRecord(
  { versions }: RegistryContent,
  { model, taskId, sha256 }: NewVersion,
  wanted: string | undefined,
): VersionRecord | undefined {
  const ofModel = versions.filter((each) => each.model === model);
  const ofTask = ofModel.find(({ record }) => taskId !== undefined && record?.taskId === taskId);
  if (ofTask !== undefined) return ofTask.record;
  const isSame = ({ record, retired }: (typeof ofModel)[number]) =>
    retired === undefined && record?.sha256 === sha256;
  if (wanted === undefined) return ofModel.find(isSame)?.record;
  const taken = ofModel.find((each) => each.version === wanted);
  if (taken === undefined || isSame(taken)) return taken?.record;
  const why =
    taken.retired === undefined ? 'has other weights' : 'is retired, and its number is not used again';
  throw new NumberTaken(`${model}/${wanted} is in the registry already, and ${why}: choose another number`);
}

async function nextNumber({ versions }: RegistryContent, model: string, modelsDir: string): Promise<string> {
  const folder = join(modelsDir, model);
  const folders = existsSync(folder) ? await versionsIn(folder) : [];
  const taken = [...folders, ...versions.flatMap((each) => (each.model === model ? each.version : []))];
  const highest = taken.reduce((highest, number) => Math.max(highest, Number(number)), 0);
  const next = String(highest + 1);
  if (isVersionName(next)) return next;
  throw new CannotRegister(`no number is left after ${model}/${highest}: register it with a free number`);
}

/** @throws {CannotRegister} if a file is no artifact. @throws {RequestError} `BROKER_UNAVAILABLE`. */
export async function requireFiles(
  { files }: Pick<NewVersion, 'files'>,
  artifacts: RegisterOptions['artifacts'],
): Promise<void> {
  for (const { path, sha256, bytes } of files) {
    const found = await artifacts.find(sha256);
    if (found?.bytes !== bytes)
      throw new CannotRegister(
        `${path} must be an artifact of ${bytes} bytes, ${sha256}, got ${found === undefined ? 'none' : `${found.bytes} bytes`}`,
      );
  }
}

function registryFull(reason: string): RequestError {
  return new RequestError(
    RequestErrorCode.BlobStoreFull,
    `The registry has no room for another version (${reason}). Raise RESULT_MAX_BYTES, of which it is a part.`,
  );
}
