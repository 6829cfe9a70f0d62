import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTokenizer, tokenize } from '../../../../workers/media/tokens.ts';

const SPECIAL = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const NOTHING = {
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  added_tokens: [],
};

/** As BERT has it. */
const WORD_PIECES = {
  ...NOTHING,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({ id, content, ...SPECIAL })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, hello: 4, wor: 5, '##ld': 6, '!': 7 },
  },
};

/** As GPT-2 has it, with a few merges. */
const PAIRS = {
  ...NOTHING,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    unk_token: null,
    merges: ['l o', 'lo w', 'Ġ low'],
    vocab: { l: 0, o: 1, w: 2, Ġ: 3, lo: 4, low: 5, Ġlow: 6 },
  },
};

/** As SentencePiece has it. */
const UNIGRAM = {
  ...NOTHING,
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  model: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [
      ['<unk>', 0],
      ['▁', -2],
      ['▁go', -3],
      ['ing', -3],
      ['g', -5],
      ['o', -5],
    ],
  },
};

const AXES = { tokens: { minimum: 2, maximum: 6 } };
const VARYING = { shape: ['tokens'], pad: 0, truncate: false };

describe('a tokenizer file', () => {
  test.each([
    { model: 'word pieces', file: WORD_PIECES, text: 'Hello world!', ids: [2, 4, 5, 6, 7, 3] },
    { model: 'byte pairs', file: PAIRS, text: 'low low', ids: [5, 6] },
    { model: 'unigrams', file: UNIGRAM, text: 'going', ids: [2, 3] },
  ])('of $model gives the ids of a text', async ({ file, text, ids }) => {
    const tokenizer = await open(file);
    expect(tokenize(tokenizer, text, VARYING, AXES)).toMatchObject({ ids, mask: ids.map(() => 1) });
  });

  test.each([
    ['no JSON', 'hello', 'tokenizer.json'],
    ['no tokenizer', '{}', 'must be a tokenizer of the library tokenizers'],
  ])('is refused if it is %s', async (_, text, message) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-tokenizer-'));
    const file = join(folder.path, 'tokenizer.json');
    await expect(openTokenizer(file)).rejects.toThrow(file);
    await writeFile(file, text);
    await expect(openTokenizer(file)).rejects.toThrow(message);
  });
});

describe('a text', () => {
  test('that is shorter than a fixed length is filled up', async () => {
    const tokens = tokenize(await open(WORD_PIECES), 'hello', { ...VARYING, shape: [1, 5], pad: 9 }, {});
    expect(tokens).toEqual({ ids: [2, 4, 3, 9, 9], mask: [1, 1, 1, 0, 0], typeIds: [0, 0, 0, 0, 0] });
  });

  test('that is too long is refused, or loses its end but no special token', async () => {
    const tokenizer = await open(WORD_PIECES);
    const long = 'hello world! hello world!';
    expect(() => tokenize(tokenizer, long, VARYING, AXES)).toThrow(
      'a text of at most 6 tokens, got 10 tokens',
    );
    const cut = tokenize(tokenizer, long, { ...VARYING, truncate: true }, AXES);
    expect(cut.ids).toEqual([2, 4, 5, 6, 7, 3]);
  });

  test('of a megabyte is not tokenized beyond what can count', async () => {
    const tokenizer = await open(WORD_PIECES);
    const texts: string[] = [];
    const encode = tokenizer.encode.bind(tokenizer);
    const spied = {
      encode(...args: Parameters<typeof encode>) {
        texts.push(args[0]);
        return encode(...args);
      },
    } as typeof tokenizer;
    const long = 'hello '.repeat(180_000);
    expect(() => tokenize(spied, long, VARYING, AXES)).toThrow(
      'a text of at most 6 tokens, with 64 characters for each at most, got 1080000 characters',
    );
    expect(tokenize(spied, long, { ...VARYING, truncate: true }, AXES).ids).toEqual([2, 4, 4, 4, 4, 3]);
    expect(Math.max(...texts.map(({ length }) => length))).toBe(6 * 64);
    // No half of a character is left.
    const smiling = `a${'😀'.repeat(400)}`;
    expect(tokenize(spied, smiling, { ...VARYING, truncate: true }, AXES).ids).toEqual([2, 1, 3]);
    expect(texts.every((text) => text.isWellFormed())).toBe(true);
  });

  test('that is empty has its special tokens, or is filled up', async () => {
    expect(tokenize(await open(WORD_PIECES), '', VARYING, AXES).ids).toEqual([2, 3]);
    expect(tokenize(await open(PAIRS), '', VARYING, AXES)).toMatchObject({ ids: [0, 0], mask: [0, 0] });
  });

  test('with a token that the vocabulary lacks is refused', async () => {
    const { '[UNK]': _, ...vocab } = WORD_PIECES.model.vocab;
    const tokenizer = await open({
      ...WORD_PIECES,
      added_tokens: [],
      post_processor: null,
      model: { ...WORD_PIECES.model, vocab },
    });
    expect(() => tokenize(tokenizer, 'x', VARYING, AXES)).toThrow(
      'a text of tokens that the tokenizer knows',
    );
  });
});

async function open(content: object) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-tokenizer-'));
  const file = join(folder.path, 'tokenizer.json');
  await writeFile(file, JSON.stringify(content));
  return await openTokenizer(file);
}
