/** The sabotages of `npm run chaos -- --sabotage`, which name lines of the sources. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SABOTAGES } from '../../chaos/sabotage.ts';

const ROOT = join(import.meta.dirname, '../../..');

test.each(SABOTAGES)(
  'the lines that the sabotage $name changes are in the source exactly once',
  async ({ changes }) => {
    for (const { file, from } of changes) {
      const text = await readFile(join(ROOT, file), 'utf8');
      expect(text.split(from), `${file}: ${from}`).toHaveLength(2);
    }
  },
);
