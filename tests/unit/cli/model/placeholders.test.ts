import { expect, test } from 'vitest';
import { placeholders } from '../../../../src/cli/model/placeholders.ts';

const TEXT = `{
  "name": "some-model",
  "description": "The model some.onnx, not described yet.",
  "inputs": [
    {
      "name": "miles",
      "type": "float32",
      "unit": "unknown",
      "minimum": -1000000000,
      "maximum": 1000000000,
      "description": "The tensor miles, not described yet."
    },
    { "name": "known" }
  ],
  "outputs": [
    {
      "name": "minutes",
      "unit": "unknown",
      "description": "Known."
    }
  ]
}`;

test('each name with placeholders is listed with its line and the members that wait for a person', () => {
  expect(placeholders(TEXT)).toEqual([
    { line: 2, name: 'some-model', members: ['description'], lacksLimits: false },
    {
      line: 6,
      name: 'miles',
      members: ['unit', 'minimum', 'maximum', 'description'],
      lacksLimits: false,
    },
    { line: 17, name: 'minutes', members: ['unit'], lacksLimits: true },
  ]);
});

test('a member that a person has filled in is no placeholder any more', () => {
  const filled = TEXT.replaceAll('"unknown"', '"miles"').replaceAll('not described yet.', 'known.');
  expect(placeholders(filled)).toEqual([
    { line: 6, name: 'miles', members: ['minimum', 'maximum'], lacksLimits: false },
  ]);
});
