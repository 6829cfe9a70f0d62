/** Systems without a client: the CPU that they take while nothing is asked of them, beside a nats-server alone. */
import { cp, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats } from '../../support/natsServer.ts';
import { type Benchmark, elapsed, figure, type Revision } from '../benchmark.ts';
import { treeUse } from '../operatingSystem.ts';
import { startSystem } from '../system.ts';

const COPIES = 45;
/** A process counts its time in hundredths of a second, and an idle one takes few of them. */
const LEAST_SECONDS = 30;
/** Until all that follows a start has come to rest: the last requests for jobs, collections of garbage. */
const SETTLE_MS = 20_000;

export const idle: Benchmark = {
  name: 'idle',
  about: `no clients: the models of the repository, and ${COPIES} copies of churn, each with a gateway and a worker`,
  async prepare(revision, settings) {
    const seconds = Math.max(LEAST_SECONDS, settings.seconds);
    await using started = new AsyncDisposableStack();
    const alone = started.use(await startNats());
    const few = started.use(await startSystem(revision, { models: join(revision.root, 'models') }));
    const copies = started.use(await copiesOfChurn(revision));
    const many = started.use(await startSystem(revision, { models: copies.path }));
    const groups = [
      { name: 'nats-server alone', pids: [alone.pid] },
      ...Object.entries(few.pids).map(([name, pids]) => ({ name: `5 versions: ${name}`, pids })),
      ...Object.entries(many.pids).map(([name, pids]) => ({ name: `${COPIES} models: ${name}`, pids })),
    ];
    const secondsOf = () => Promise.all(groups.map(async ({ pids }) => (await treeUse(pids)).cpuSeconds));
    await elapsed(SETTLE_MS);
    const stopping = started.move();
    return {
      async measure() {
        const before = await secondsOf();
        const startedAt = performance.now();
        await elapsed(seconds * 1_000);
        const after = await secondsOf();
        const tookS = (performance.now() - startedAt) / 1_000;
        const percents = groups.map((_, i) => (((after[i] ?? 0) - (before[i] ?? 0)) / tookS) * 100);
        const sumOf = (start: string) =>
          groups.reduce((sum, { name }, i) => sum + (name.startsWith(start) ? (percents[i] ?? 0) : 0), 0);
        const [nats = 0] = percents;
        return [
          figure('5 versions: % of a core beyond 1.5 × nats-server alone', 2, sumOf('5 ') - 1.5 * nats, {
            atMost: 1,
          }),
          figure(
            `${COPIES} models: % of a core beyond 1.5 × nats-server alone`,
            2,
            sumOf(`${COPIES} `) - 1.5 * nats,
            {
              atMost: 2,
            },
          ),
          ...groups.map(({ name }, i) => figure(`${name}, % of a core`, 2, percents[i] ?? Number.NaN)),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** A folder for MODELS_DIR with models that differ in their names only. */
async function copiesOfChurn({ root }: Revision) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const from = join(root, 'models/churn');
  const manifest = await readFile(join(from, 'model.json'), 'utf8');
  const versions = (await readdir(from)).filter((name) => /^\d+$/.test(name));
  for (let i = 1; i <= COPIES; i++) {
    const to = join(folder.path, `churn-${i}`);
    for (const version of versions) await cp(join(from, version), join(to, version), { recursive: true });
    await writeFile(join(to, 'model.json'), renamed(manifest, i));
  }
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

/** Every name that the models of a gateway must not share. */
function renamed(manifest: string, i: number): string {
  const { graphql, ...rest } = JSON.parse(manifest);
  const names = Object.entries(graphql).map(([part, name]) => [part, `${name}${i}`]);
  const inputs = rest.inputs.map((input: { enumType?: string }) =>
    input.enumType === undefined ? input : { ...input, enumType: `${input.enumType}${i}` },
  );
  return JSON.stringify({ ...rest, name: `churn-${i}`, graphql: Object.fromEntries(names), inputs });
}
