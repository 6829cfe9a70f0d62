/** By which names an operation of a file is found. */
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { Operations } from '../../../src/edge/operations.ts';
import { PersistedOperations } from '../../../src/edge/persistedOperations.ts';
import { readConfig } from '../../../src/process/config.ts';

const operations = new Operations(buildSchema('type Query { health: String }'), readConfig({}));
const HASH = 'a'.repeat(64);

test.each([
  ['as the file writes it', HASH, HASH],
  ['with the prefix of the draft, though the file has none', HASH, `sha256:${HASH}`],
  ['with a prefix that the file has, too', `sha256:${HASH}`, `sha256:${HASH}`],
  ['by an id that is no hash', 'health-1', 'health-1'],
])('a trusted operation is found %s', (_how, inFile, documentId) => {
  const trusted = new Map([[inFile, '{ health }']]);
  const persisted = new PersistedOperations({ operations, trusted, isOnly: true });
  expect(persisted.textOf({ documentId })).toBe('{ health }');
});
