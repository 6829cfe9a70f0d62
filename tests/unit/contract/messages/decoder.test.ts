import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { decoderOf, NewerMessage, VERSION } from '../../../../src/contract/messages/decoder.ts';
import { object, text } from '../../../../src/contract/schema.ts';

const decode = decoderOf(object('a greeting', { v: VERSION, words: text('a text') }));
const bytes = (message: string) => Buffer.from(message);

test('each file of messages has tests of its own', async () => {
  const tests = await readdir(import.meta.dirname);
  const files = await readdir(`${import.meta.dirname}/../../../../src/contract/messages`);
  expect(tests).toEqual(expect.arrayContaining(files.map((file) => file.replace('.ts', '.test.ts'))));
});

describe('a message', () => {
  test('is returned as it was parsed', () => {
    expect(decode(bytes('{"v":1,"words":"x","more":7}'))).toEqual({ v: 1, words: 'x', more: 7 });
  });

  test.each([
    ['no JSON', '{"v"', 'the message is not JSON'],
    ['a list', '[]', 'the message must be a JSON object, a greeting, got []'],
    ['nothing', 'null', 'the message must be a JSON object, a greeting, got null'],
    ['of no version', '{"words":"x"}', 'v must be the message version 1, got none'],
    ['of a version that is too old', '{"v":0,"words":"x"}', 'v must be the message version 1, got 0'],
    ['of a version that is none', '{"v":"1","words":"x"}', 'v must be the message version 1, got "1"'],
    ['without a member', '{"v":1}', 'words must be a text, got none'],
    ['with a member that is wrong', '{"v":1,"words":7}', 'words must be a text, got 7'],
  ])('that is %s is refused in words', (_what, message, problem) => {
    expect(() => decode(bytes(message))).toThrow(problem);
  });

  test('of a newer version is left to newer processes, whatever it holds', () => {
    expect(() => decode(bytes('{"v":2}'))).toThrow(NewerMessage);
    expect(() => decode(bytes('{"v":2}'))).toThrow('message version 2 is newer than 1');
  });

  test('that has no version is read whatever "v" it brings', () => {
    const decodeNotice = decoderOf(object('a notice', { words: text('a text') }));
    expect(decodeNotice(bytes('{"v":2,"words":"x"}'))).toEqual({ v: 2, words: 'x' });
  });

  test('with a wrong member is refused in few words, however long or deep the member is', () => {
    const refusal = (words: string) => () => decode(bytes(`{"v":1,"words":${words}}`));
    expect(refusal(JSON.stringify(['x'.repeat(100)]))).toThrow(/got \["x{40}…"\]$/);
    expect(refusal(JSON.stringify(new Array(100_000).fill(1)))).toThrow(/got a list of 100000$/);
    // Written out, it would overflow the stack.
    const deep = `${'['.repeat(100_000)}{"0":1}${']'.repeat(100_000)}`;
    expect(refusal(deep)).toThrow(/got a list of 1$/);
  });
});
