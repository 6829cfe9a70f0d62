/**
 * Registers a version whose files clients have stored as artifacts. It meets the same checks as a folder that is pushed,
 * and gets the same record, without a signature: gateways have no key. So it is refused where versions must be signed, and
 * so is code, which workers take only signed.
 */
import type { Artifacts } from '../contract/artifact.ts';
import { isDigest } from '../contract/blob.ts';
import { LONGEST_LIST } from '../contract/bounds.ts';
import {
  badUserInput,
  badValue,
  messageOf,
  quoted,
  RequestError,
  RequestErrorCode,
} from '../contract/errors.ts';
import { MalformedMessage } from '../contract/messages/decoder.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';
import type { Owner } from '../contract/owner.ts';
import { type ArtifactFile, isFilePath } from '../contract/work.ts';
import { isVersionName } from '../models/folders.ts';
import type { Model, ModelVersion } from '../models/models.ts';
import { MODEL_FILE, RECORDS } from '../models/versionFiles.ts';
import { readVersionFile } from './gatewayVersion.ts';
import {
  CannotRegister,
  NumberTaken,
  newVersion,
  type RegisterOptions,
  registerVersion,
  requireFiles,
} from './register.ts';

export interface UploadedVersion {
  /** The number that it is to get. Undefined: the next one. */
  readonly version: string | undefined;
  readonly files: readonly Pick<ArtifactFile, 'path' | 'sha256'>[];
  readonly owner: Owner;
}

export interface UploadOptions extends Pick<RegisterOptions, 'versions' | 'modelsDir'> {
  readonly artifacts: Pick<Artifacts, 'find' | 'read'>;
  /** Whether workers take only signed versions. */
  readonly mustBeSigned: boolean;
}

/**
 * @returns the record that is stored, which may be of an earlier try.
 * @throws {RequestError} `BAD_USER_INPUT` naming what is wrong with the files; `VERSION_CONFLICT` if the number is taken;
 *   `SIGNATURE_REQUIRED`, `BLOB_STORE_FULL`, `BROKER_UNAVAILABLE`.
 */
export async function registerUploaded(
  model: Model,
  { version: wanted, files, owner }: UploadedVersion,
  options: UploadOptions,
): Promise<VersionRecord> {
  const { artifacts, mustBeSigned } = options;
  const { name } = model.manifest;
  if (mustBeSigned) throw signatureRequired(name);
  if (wanted !== undefined && !isVersionName(wanted))
    throw badValue('version', 'a whole number from 1 to 999999999', quoted(wanted));
  requireFileList(files);
  const stored = await storedFiles(files, artifacts);
  const read = await readUploaded(stored, artifacts);
  requireListed(read, files);
  if (wanted !== undefined) requireNoFolder(model, wanted, read);
  try {
    const uploaded = newVersion(name, read, { files: stored, owner });
    const { record } = await registerVersion(uploaded, { ...options, signingKey: undefined }, wanted);
    // A sweep may have removed an old artifact that no record named yet.
    await requireFiles(record, artifacts);
    return record;
  } catch (error) {
    throw refusalOf(error);
  }
}

function requireFileList(files: UploadedVersion['files']): void {
  if (files.length === 0 || files.length > LONGEST_LIST)
    throw badValue('files', `a list of 1 to ${LONGEST_LIST}`, `${files.length} entries`);
  const paths = new Set<string>();
  for (const [i, { path, sha256 }] of files.entries()) {
    if (!isFilePath(path))
      throw badValue(
        `files[${i}].path`,
        'a path inside the folder of the version, such as model.onnx, of 200 characters at most, in which no name begins with a dot',
        quoted(path),
      );
    if (paths.has(path))
      throw badValue(`files[${i}].path`, 'the path of one file', `${quoted(path)} a second time`);
    if (!isDigest(sha256))
      throw badValue(`files[${i}].sha256`, '64 hex digits in lower case', quoted(sha256));
    paths.add(path);
  }
  for (const path of paths)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
      if (paths.has(path.slice(0, end)))
        throw badValue('files', `${quoted(path.slice(0, end))} as a file or as a folder`, quoted(path));
  for (const path of RECORDS)
    if (!paths.has(path))
      throw badValue(
        'files',
        `the files of a version, of which one is ${path}`,
        [...paths].join(', ').slice(0, 200),
      );
}

async function storedFiles(
  files: UploadedVersion['files'],
  artifacts: UploadOptions['artifacts'],
): Promise<readonly ArtifactFile[]> {
  const stored: ArtifactFile[] = [];
  for (const [i, { path, sha256 }] of files.entries()) {
    const found = await artifacts.find(sha256);
    if (found === undefined)
      throw badValue(
        `files[${i}].sha256`,
        `that of an artifact: store ${path} first, by PUT /artifacts/<sha256>`,
        `${sha256}, which is none`,
      );
    stored.push({ path, sha256, bytes: found.bytes });
  }
  return stored;
}

async function readUploaded(
  files: readonly ArtifactFile[],
  artifacts: UploadOptions['artifacts'],
): Promise<ModelVersion> {
  try {
    return await readVersionFile(files, '', artifacts);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw wrongFiles(messageOf(error));
  }
}

/** Refuses files that version.json does not describe, and a version that is code. */
function requireListed({ code, files: listed, sha256 }: ModelVersion, files: UploadedVersion['files']): void {
  if (code !== undefined)
    throw wrongFiles(
      `version.json: a version that is code (${code.runtime}) is taken only signed: npm run model -- push with MODEL_SIGNING_KEY_FILE`,
    );
  const expected = listed ?? [{ path: MODEL_FILE, sha256 }];
  for (const { path, sha256: digest } of expected) {
    const given = files.find((file) => file.path === path)?.sha256;
    if (given !== digest)
      throw wrongFiles(
        `${path} must be among the files with the SHA-256 of version.json, ${digest}, got ${given ?? 'no such file'}`,
      );
  }
  const other = files.find(({ path }) => !RECORDS.has(path) && !expected.some((file) => file.path === path));
  if (other !== undefined)
    throw wrongFiles(`${other.path} is not among the files of version.json: leave it out, or list it there`);
}

/** A folder of MODELS_DIR counts before a version of the registry, which would never be served. */
function requireNoFolder({ manifest, versions }: Model, wanted: string, { sha256 }: ModelVersion): void {
  const folder = versions.find(({ version, registered }) => version === wanted && registered === undefined);
  if (folder !== undefined && folder.sha256 !== sha256)
    throw versionConflict(
      `${manifest.name}/${wanted} is a folder of MODELS_DIR with other weights: choose another number`,
    );
}

function refusalOf(error: unknown): unknown {
  if (error instanceof NumberTaken) return versionConflict(error.message);
  if (error instanceof CannotRegister || error instanceof MalformedMessage) return wrongFiles(error.message);
  return error;
}

function wrongFiles(message: string): RequestError {
  return badUserInput({ message, details: { field: 'files' } });
}

function versionConflict(message: string): RequestError {
  return new RequestError(RequestErrorCode.VersionConflict, message, { details: { field: 'version' } });
}

function signatureRequired(model: string): RequestError {
  return new RequestError(
    RequestErrorCode.SignatureRequired,
    `Versions must be signed here (MODEL_TRUSTED_KEYS), which a gateway cannot do: use npm run model -- push ${model} <version> with MODEL_SIGNING_KEY_FILE.`,
  );
}
