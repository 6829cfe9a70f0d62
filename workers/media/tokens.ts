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

/** @throws {MediaFault} if the text is too long. */
export function tokenize(
  tokenizer: Tokenizer,
  text: string,
  { shape, pad, truncate }: Pick<TokenInput, 'shape' | 'pad' | 'truncate'>,
  axes: Readonly<Record<string, Axis>>,
): Tokens {
  const { least, most } = lengthLimits(shape, axes);
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
