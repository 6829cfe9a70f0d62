/** The end of a blob. It is stored after all chunks: a blob without an end is not there. */
import { integer, object, type Passing, text } from '../schema.ts';
import { decoderOf, VERSION } from './decoder.ts';

export const BLOB_END = object('the end of a blob', {
  v: VERSION,
  bytes: integer('a number of bytes', 0, Number.MAX_SAFE_INTEGER),
  mediaType: text('a media type of at most 200 characters', { maxLength: 200 }),
});
export type BlobEnd = Passing<typeof BLOB_END>;

export const decodeBlobEnd = decoderOf(BLOB_END);
