/** Reads the first bytes of a value: from the result itself, or from the store of blobs. */
import type { ReadableBytes } from '../src/contract/blob.ts';
import type { Owner } from '../src/contract/owner.ts';
import type { BytesValue } from '../src/contract/tensor.ts';
import type { Context } from './builder.ts';

/** @returns fewer if the value has fewer. @throws {RequestError} `BLOB_NOT_FOUND`, `BROKER_UNAVAILABLE`. */
export async function firstBytes(
  value: BytesValue,
  owner: Owner,
  length: number,
  { blobs }: Pick<Context, 'blobs'>,
): Promise<Uint8Array<ArrayBuffer>> {
  if ('base64' in value) return startOf(value.base64, length);
  return await collected(await blobs.open(owner, value.blob), length);
}

function startOf(base64: string, length: number): Uint8Array<ArrayBuffer> {
  const characters = 4 * Math.ceil(length / 3);
  return new Uint8Array(Buffer.from(base64.slice(0, characters), 'base64').subarray(0, length));
}

async function collected(blob: ReadableBytes, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of blob.read(0, Math.min(length, blob.bytes))) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}
