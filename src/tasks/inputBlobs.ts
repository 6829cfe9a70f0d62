/**
 * Brings the large values of inputs into the store of blobs before a job is published, and checks the blobs that clients
 * name. So a job refers only to blobs that are there until its deadline, and no message is too large.
 */
import type { BlobStore, Broker } from '../broker/broker.ts';
import { blobOf, type StoredBlob } from '../contract/blob.ts';
import { badValue, RequestError, RequestErrorCode, wrongValue } from '../contract/errors.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { BlobReference, InlineBytes } from '../contract/tensor.ts';
import type { InputColumns, Value, Values } from '../contract/values.ts';
import { isMediaInput } from '../models/manifest.ts';
import { hasBytes, inlineBytesOf, isLargeValue } from '../models/valueBytes.ts';
import type { OwnerBlobs } from './ownerBlobs.ts';
import type { Asked } from './taskToAccept.ts';

export interface InputBlobsOptions {
  readonly broker: Pick<Broker, 'now'>;
  readonly blobs: Pick<OwnerBlobs, 'put'>;
  readonly store: Pick<BlobStore, 'find'>;
}

/** Whose inputs they are, and how long their task may take. */
type AskedBlobs = Pick<Asked, 'model' | 'owner' | 'limitedKey' | 'options'>;

/** Rows whose blobs are looked for or stored at a time. */
const ROWS_AT_ONCE = 16;
/** The deadline of a task is rounded up, and its job is published a moment later. */
const SLACK_MS = 10_000;

export class InputBlobs {
  readonly #options: InputBlobsOptions;

  constructor(options: InputBlobsOptions) {
    this.#options = options;
  }

  /**
   * @returns the values as the job carries them; undefined if they stay as they are: most models have no large values.
   * @throws {RequestError} `BLOB_NOT_FOUND` or `BAD_USER_INPUT` naming the field; `OWNER_QUOTA`, `BLOB_STORE_FULL`,
   *   `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  place(asked: AskedBlobs, values: Values): Promise<Values> | undefined {
    for (const name in values)
      if (hasBytes(values[name])) return this.#place(new Placing(asked, this.#options), values);
    return undefined;
  }

  /** The same for the inputs of a row batch. */
  placeColumns(asked: AskedBlobs, columns: InputColumns): Promise<InputColumns> | undefined {
    if (!Object.values(columns).some((column) => column.some(hasBytes))) return undefined;
    return this.#placeColumns(new Placing(asked, this.#options), columns);
  }

  async #place(placing: Placing, values: Values): Promise<Values> {
    const placed: Record<string, Value> = {};
    for (const [name, value] of Object.entries(values)) placed[name] = await placing.place(name, value);
    return placed;
  }

  async #placeColumns(placing: Placing, columns: InputColumns): Promise<InputColumns> {
    const placed: Record<string, readonly Value[]> = {};
    for (const [name, column] of Object.entries(columns)) {
      const values: Value[] = [];
      for (let row = 0; row < column.length; row += ROWS_AT_ONCE) {
        const rows = column.slice(row, row + ROWS_AT_ONCE);
        const places = rows.map((value, i) => placing.place(`inputs[${row + i}].${name}`, value));
        values.push(...(await Promise.all(places)));
      }
      placed[name] = values;
    }
    return placed;
  }
}

/** The values of one task. Each blob is stored or looked for once. */
class Placing {
  readonly #holder: QuotaHolder;
  readonly #limit: number;
  /** Of pictures, sounds and texts, by name. */
  readonly #maxBytes: ReadonlyMap<string, number>;
  /** Until then the blobs have to be there: milliseconds since the epoch, broker time. */
  readonly #until: number;
  readonly #options: InputBlobsOptions;
  readonly #stored = new Map<InlineBytes, Promise<Value>>();
  readonly #found = new Map<string, Promise<StoredBlob | undefined>>();

  constructor(
    { model: { manifest }, owner, limitedKey, options: { timeoutMs } }: AskedBlobs,
    options: InputBlobsOptions,
  ) {
    this.#holder = { owner, limitedKey };
    this.#limit = inlineBytesOf(manifest.inputs);
    this.#maxBytes = new Map(
      manifest.inputs.filter(isMediaInput).map(({ name, maxBytes }) => [name, maxBytes]),
    );
    this.#until = options.broker.now() + (timeoutMs ?? manifest.limits.timeoutMs) + SLACK_MS;
    this.#options = options;
  }

  /** @param field for errors. */
  place(field: string, value: Value): Value | Promise<Value> {
    if (!isLargeValue(value, this.#limit)) return value;
    if ('blob' in value) return this.#check(field, value);
    const storing = this.#stored.get(value) ?? this.#store(value);
    this.#stored.set(value, storing);
    return storing;
  }

  async #store({ base64, ...shape }: InlineBytes): Promise<Value> {
    const { digest, content } = blobOf(Buffer.from(base64, 'base64'));
    await this.#options.blobs.put(this.#holder, digest, content);
    return { ...shape, blob: digest, bytes: content.bytes };
  }

  async #check(field: string, value: BlobReference): Promise<Value> {
    const { blob: digest } = value;
    const finding = this.#found.get(digest) ?? this.#options.store.find(this.#holder.owner, digest);
    this.#found.set(digest, finding);
    const blob = await finding;
    if (blob === undefined) throw noBlob(field, digest, 'none of that name');
    if (blob.expiresAt < this.#until)
      throw noBlob(field, digest, `one that is kept until ${new Date(blob.expiresAt).toISOString()}`);
    // The size of a tensor follows from its shape. That of a file is known only now.
    if ('shape' in value && value.bytes !== blob.bytes)
      throw badValue(field, `a blob of ${value.bytes} bytes, as its shape says`, `${blob.bytes} bytes`);
    const maxBytes = this.#maxBytes.get(field.slice(field.lastIndexOf('.') + 1));
    if (maxBytes !== undefined && blob.bytes > maxBytes)
      throw badValue(field, `a file of at most ${maxBytes} bytes`, `${blob.bytes} bytes`);
    return { ...value, bytes: blob.bytes };
  }
}

function noBlob(field: string, digest: string, got: string): RequestError {
  const expected = `a blob of yours that is kept until the deadline of the task (${digest})`;
  const { message, details } = wrongValue(field, expected, got, { why: ': store it again' });
  return new RequestError(RequestErrorCode.BlobNotFound, message, { details });
}
