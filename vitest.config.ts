import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST_FIRST = ['chaos', 'e2e', 'system', 'integration', 'unit'];

/** A long file that begins last leaves a core idle. Vitest knows no durations in a fresh clone, and goes by sizes of files. */
class ByFolder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LONGEST_FIRST.indexOf(relative(import.meta.dirname, moduleId).split('/')[1] ?? '');
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  // Without "development", which Node does not choose either: graphql has a second copy of itself under it.
  ssr: { resolve: { conditions: ['module-sync', 'node', 'default'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    // Two files at a time: every file runs real brokers, gateways and workers, and two cores is the least we support.
    maxWorkers: 2,
    sequence: { sequencer: ByFolder },
    // Longer than the helpers wait, whose failures show what came instead (tests/support/eventually.ts).
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
