/** The same model as a predictor in Python and as an ONNX file: what the runtime costs, in the same system. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCodeVersion } from '../../support/codeModels.ts';
import { addingGraph, writeNumberModel, writeNumberVersion } from '../../support/models.ts';
import { type Benchmark, figure } from '../benchmark.ts';
import { clientsOver, RAMP_MS, underLoad, WARM_UP_MS } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { type Questions, questions } from '../questions.ts';
import { cpuPer1000, measureLoad, startSystem } from '../system.ts';

const CLIENTS = 256;
const DIFFERENT_ROWS = 1_000;
const BATCH = 64;
const PREDICTOR = `class Predictor:
    def predict(self, columns):
        return {"y": [x + 1 for x in columns["x"]]}
`;

export const python: Benchmark = {
  name: 'python',
  about: `closed loop, ${CLIENTS} clients, mutation then taskResult over WebSocket: x + 1 by ONNX, then by Python`,
  async prepare(revision, { seconds, connections }) {
    await using started = new AsyncDisposableStack();
    const models = started.use(await mkdtempDisposable(join(tmpdir(), 'tidings-bench-')));
    await writeNumberModel(models.path, 'graph', { maxBatchSize: BATCH });
    await writeNumberVersion(join(models.path, 'graph/1'), addingGraph(1), [{ x: 1, y: 2 }]);
    await writeNumberModel(models.path, 'snake', { maxBatchSize: BATCH });
    await writeCodeVersion({
      folder: join(models.path, 'snake/1'),
      code: { runtime: 'python', entry: 'predictor.py:Predictor' },
      files: { 'predictor.py': PREDICTOR },
      golden: [{ input: { x: 1 }, output: { y: 2 } }],
    });
    const system = started.use(await startSystem(revision, { models: models.path }));
    const under = (asked: Questions, rampMs: number, loadSeconds: number) =>
      underLoad(
        async (opened) =>
          clientsOver(await GraphQLSocket.openAll(system.url, connections, opened), CLIENTS, asked),
        rampMs,
        (load) => measureLoad(load, system, loadSeconds),
      );
    const asked = { ONNX: additions('Graph'), Python: additions('Snake') };
    for (const each of Object.values(asked)) await under(each, WARM_UP_MS, 1);
    const stopping = started.move();
    return {
      async measure() {
        const figures = [];
        for (const [name, each] of Object.entries(asked)) {
          const measured = await under(each, RAMP_MS, seconds);
          figures.push(
            figure(`${name}, rows/s`, 0, measured.latencies.length / measured.seconds),
            figure(`${name}, CPU-s per 1,000 tasks, all servers`, 3, cpuPer1000(measured)),
          );
        }
        return figures;
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** @param name of the model, as its GraphQL names have it. */
function additions(name: string): Questions {
  const rows = [...Array(DIFFERENT_ROWS).keys()];
  return questions({
    mutation: `predict${name}`,
    inputType: `Predict${name}Input`,
    predictionType: `${name}Prediction`,
    output: 'y',
    inputs: rows.map((x) => ({ x })),
    expected: rows.map((x) => x + 1),
  });
}
