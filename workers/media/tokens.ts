/** Makes the tensors of a text input with a tokenizer: the ids of its tokens, and if asked for, their mask and types. */
import { Tokenizer } from '@huggingface/tokenizers';
import { messageOf } from '../../src/contract/errors.ts';
import type { Axis } from '../../src/models/manifest.ts';
import type { TokenInput } from '../../src/models/mediaInput.ts';
import { readJson } from '../../src/process/jsonFile.ts';
import { lengthLimits } from './lengthLimits.ts';
import { MediaFault } from './mediaFault.ts';

/** By token; all three have the same length. */
export interface Tokens {
  readonly ids: readonly number[];
  /** 1 for a token of the text, 0 for one that fills up. */
  readonly mask: readonly number[];
  readonly typeIds: readonly number[];
}

/** Tokenizers of large vocabularies take a few megabytes. */
const TOKENIZER_MAX_BYTES = 64 * 1024 * 1024;

/** @throws {Error} naming the file, if it is missing or is no tokenizer. */
export async function openTokenizer(file: string): Promise<Tokenizer> {
  const described = await readJson(file, TOKENIZER_MAX_BYTES);
  try {
    return new Tokenizer(described as object, {});
  } catch (error) {
    throw new Error(`${file} must be a tokenizer of the library tokenizers: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * The most characters of a text for each token that the tensor has room for. Words have 3 to 6 for each. The rest of a
 * longer text is not looked at: to tokenize a megabyte takes long, and other rows wait for it.
 */
const CHARACTERS_PER_TOKEN = 64;

/** @throws {MediaFault} if the text is too long. */
export function tokenize(
  tokenizer: Tokenizer,
  whole: string,
  { shape, pad, truncate }: Pick<TokenInput, 'shape' | 'pad' | 'truncate'>,
  axes: Readonly<Record<string, Axis>>,
): Tokens {
  const { least, most } = lengthLimits(shape, axes);
  const text = beginOf(whole, CHARACTERS_PER_TOKEN * most);
  if (text.length < whole.length && !truncate)
    throw new MediaFault(
      `a text of at most ${most} tokens, with ${CHARACTERS_PER_TOKEN} characters for each at most`,
      `${whole.length} characters`,
    );
  const encoded = tokenizer.encode(text, { return_token_type_ids: true });
  // A token that is not in the vocabulary of a model without an unknown token has no id.
  const ids: readonly (number | undefined)[] = encoded.ids;
  const typeIds = encoded.token_type_ids ?? [];
  const lost = ids.indexOf(undefined);
  if (lost !== -1)
    throw new MediaFault('a text of tokens that the tokenizer knows', JSON.stringify(encoded.tokens[lost]));
  if (ids.length > most && !truncate)
    throw new MediaFault(`a text of at most ${most} tokens`, `${ids.length} tokens`);
  const kept = ids.length > most ? placesWithin(tokenizer, text, ids, most) : [...ids.keys()];
  const fill = new Array<number>(Math.max(0, least - kept.length));
  return {
    ids: [...kept.map((place) => ids[place] ?? pad), ...fill.fill(pad)],
    mask: [...kept.map(() => 1), ...fill.fill(0)],
    typeIds: [...kept.map((place) => typeIds[place] ?? 0), ...fill.fill(0)],
  };
}

/** A character beyond 16 bits is kept whole, or not at all. */
function beginOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const begin = text.slice(0, length);
  return begin.isWellFormed() ? begin : begin.slice(0, -1);
}

/** The places of the tokens that are kept: the end of the text is cut off, not the special tokens around it. */
function placesWithin(
  tokenizer: Tokenizer,
  text: string,
  ids: readonly unknown[],
  most: number,
): readonly number[] {
  const special = ids.length - tokenizer.encode(text, { add_special_tokens: false }).ids.length;
  const before = specialBefore(tokenizer);
  const kept = Math.max(before, most - (special - before));
  const places = [...ids.keys()];
  return [...places.slice(0, kept), ...places.slice(places.length - (special - before))].slice(0, most);
}

/** The number of special tokens before a text. */
function specialBefore(tokenizer: Tokenizer): number {
  const [ids, bare] = [true, false].map(
    (special) => tokenizer.encode('a', { add_special_tokens: special }).ids,
  );
  return ids === undefined || bare?.[0] === undefined ? 0 : Math.max(0, ids.indexOf(bare[0]));
}
