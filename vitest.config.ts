import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST_FIRST = ['chaos', 'e2e', 'system', 'integration', 'realModels', 'unit'];

/** Folders with long files first, because a long file that begins last leaves a core idle. Within a folder the seed decides. */
class ByFolder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { seed } = this.ctx.config.sequence;
    const placeOf = ({ moduleId }: TestSpecification) => {
      const path = relative(import.meta.dirname, moduleId);
      const shuffled = createHash('sha256').update(`${seed} ${path}`).digest('hex');
      return `${LONGEST_FIRST.indexOf(path.split('/')[1] ?? '')} ${shuffled}`;
    };
    return files.toSorted((a, b) => placeOf(a).localeCompare(placeOf(b)));
  }
}

export default defineConfig({
  // Without "development", which Node does not choose either: graphql has a second copy of itself under it.
  ssr: { resolve: { conditions: ['module-sync', 'node', 'default'] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'system',
          include: [
            'tests/{integration,e2e,system,chaos}/**/*.test.ts',
            // They need files that are not part of the repository.
            ...(process.env.TIDINGS_REAL_MODELS === undefined ? [] : ['tests/realModels/*.test.ts']),
          ],
          // Real brokers, processes and browsers share few cores with each other. A test that fails once in CI is tried
          // once more, and the report says so ("retry x1"); on a developer's machine it fails.
          retry: process.env.CI === undefined ? 0 : 1,
          // Files follow each other in a process that keeps its modules: to import them costs each file half a second.
          isolate: false,
        },
      },
      {
        extends: true,
        // Modules without processes: threads that keep their modules take a third of the time.
        test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], pool: 'threads', isolate: false },
      },
    ],
    // Two cores is the least we support. A file runs real brokers, gateways and workers, and uses half a core: the rest of its
    // time it waits. Four files use both cores.
    maxWorkers: 4,
    // Absolute, since some tests start programs in other folders.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache/compiled') },
    // Any order must do. Vitest prints the seed: `npm test -- --sequence.seed=<seed>` runs in the same order again.
    sequence: { sequencer: ByFolder, shuffle: true },
    // Waits have limits of their own, which are shorter and show what they waited for: see tests/support/eventually.ts.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
