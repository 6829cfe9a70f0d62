/** The digest that the console computes of a file in pieces. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256Of } from '../../../console/src/api/sha256.ts';

const PIECE = 2 * 1_024 * 1_024;

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, PIECE, PIECE + 1])(
  'of %i bytes is their SHA-256',
  async (length) => {
    const bytes = randomBytes(length);
    const told: number[] = [];
    const digest = await sha256Of(new Blob([bytes]), (done) => told.push(done));
    expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(told.at(-1) ?? 0).toBe(length);
  },
);
