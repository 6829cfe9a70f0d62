/** The paths of bytes beside GraphQL: blobs, artifacts, and the outputs of tasks. */
import type { Config } from '../process/config.ts';

export interface AskedOutput {
  readonly taskId: string;
  /** The index of a row of a row batch; undefined for a task with one prediction. */
  readonly row: number | undefined;
  /** As it is called in GraphQL. */
  readonly name: string;
  /** Undefined: the bytes of the elements. */
  readonly format: string | undefined;
}

/** What a path names. Names may be of the wrong form. */
export type AskedBytes =
  | { readonly type: 'blob'; readonly digest: string | undefined }
  | { readonly type: 'artifact'; readonly digest: string }
  | ({ readonly type: 'output' } & Omit<AskedOutput, 'format'>);

const BLOB_PATH = /^\/blobs(?:\/([^/]{1,100}))?$/;
const ARTIFACT_PATH = /^\/artifacts\/([^/]{1,100})$/;
const OUTPUT_PATH =
  /^\/tasks\/([^/]{1,200})(?:\/rows\/([0-9]{1,9}))?\/outputs\/([A-Za-z_][0-9A-Za-z_]{0,199})$/;

/** @returns undefined for a path of anything else. */
export function bytesAt(path = ''): AskedBytes | undefined {
  const blob = BLOB_PATH.exec(path);
  if (blob !== null) return { type: 'blob', digest: blob[1] };
  const [, artifact] = ARTIFACT_PATH.exec(path) ?? [];
  if (artifact !== undefined) return { type: 'artifact', digest: artifact };
  const [, taskId, row, name] = OUTPUT_PATH.exec(path) ?? [];
  if (taskId === undefined || name === undefined) return undefined;
  return { type: 'output', taskId, row: row === undefined ? undefined : Number(row), name };
}

/** The most bytes that may be stored under a path; 0 if it takes none. */
export function limitOfUpload(
  path: string | undefined,
  { blobMaxBytes, blobMaxUploadBytes }: Pick<Config, 'blobMaxBytes' | 'blobMaxUploadBytes'>,
): number {
  const type = bytesAt(path)?.type;
  if (type === 'artifact') return blobMaxUploadBytes;
  return type === 'blob' ? blobMaxBytes : 0;
}
