import { expect, test } from 'vitest';
import { halfCharacterIn } from '../../../src/edge/wireText.ts';

test('half of an escaped surrogate pair is found, and a whole pair is not', () => {
  const halves = [
    String.raw`"\ud83d"`,
    String.raw`"\ud83d\ud83d\ude00"`,
    String.raw`"\\\uDE00"`,
    String.raw`"\ude00\ud83d"`,
  ];
  for (const json of halves) expect(halfCharacterIn(json)).toBeDefined();
  const wholes = [String.raw`"\ud83d\ude00"`, String.raw`"\\ud83d"`, String.raw`"\u00e9"`, '"\u{1f600}"'];
  for (const json of wholes) expect(halfCharacterIn(json)).toBeUndefined();
});
