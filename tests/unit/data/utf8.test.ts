import { describe, expect, test } from 'vitest';
import { decodeUtf8 } from '../../../src/data/utf8.ts';

describe('texts are UTF-8', () => {
  async function decoded(bytes: Uint8Array, pieceLength: number): Promise<string> {
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += pieceLength)
        yield Buffer.from(bytes.subarray(at, at + pieceLength));
    }
    let text = '';
    for await (const part of decodeUtf8(pieces(), { file: "it's.csv", isGzip: false })) text += part;
    return text;
  }

  test('if they come in pieces of any length, and the byte order mark is left out', async () => {
    const text = 'a,é\n𝄞,🚕\n\uFEFF€';
    for (let length = 1; length < 12; length++) {
      expect(await decoded(Buffer.from(text), length)).toBe(text);
      expect(await decoded(Buffer.from(`\uFEFF${text}`), length)).toBe(text);
    }
  });

  test.each([
    ['Latin-1', Buffer.from('a,b\n1,2\ncaf\xe9,3\n', 'latin1'), '0xE9 in line 3 (byte 12 of the text)'],
    [
      'a character that is cut off',
      Buffer.from('a,b\n€').subarray(0, 6),
      '0xE2 in line 2 (byte 5 of the text)',
    ],
    ['a lone surrogate', Buffer.from('a\n\xed\xa0\x80', 'latin1'), '0xED in line 2 (byte 3 of the text)'],
    [
      'a character in too many bytes',
      Buffer.from('a\nb\xc0\xaf', 'latin1'),
      '0xC0 in line 2 (byte 4 of the text)',
    ],
  ])('%s is refused, with the line, the byte and how to convert it', async (_, bytes, where) => {
    for (const length of [1, 3, 1_000])
      await expect(decoded(bytes, length)).rejects.toThrow(
        `it's.csv must be UTF-8, got the byte ${where}. If it is Latin-1 or Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 'it'\\''s.csv' > utf8.csv`,
      );
  });
});
