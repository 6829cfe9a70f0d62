/**
 * Random lives of tasks on real processes, compared with a model of the state machine. The model says which states a
 * task may show. While workers, gateways and the broker restart, a task reaches a final state, never leaves it, and
 * shows the same one to every client. A failure prints the seed and the shortest life; `LIVES_SEED` runs it again.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Answer,
  CANCEL_TASK,
  collect,
  onlyTask,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  post,
  sse,
  TASK,
  TASK_RESULT,
  TASK_UPDATES,
  type TaskView,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

/** No life begins later. It is not `interruptAfterTimeLimit`, which leaves the last life running without an end. */
const RUN_FOR_MS = 8_000;
const SHORT_MS = 300;
const GATEWAYS = 2;

const FINAL = ['SUCCEEDED', 'CANCELED', 'EXPIRED'];

/** One task in the model. */
interface ModelTask {
  readonly trip: number;
  readonly requestId: string | undefined;
  readonly isShort: boolean;
  /** True if the task may have been run or canceled by now. */
  mayRun: boolean;
  mayBeCanceled: boolean;
}

interface Model {
  readonly life: number;
  workerRuns: boolean;
  readonly tasks: ModelTask[];
}

/** The real system: the same tasks in the same order, with all states that any client saw. */
interface Real {
  readonly nats: NatsServer;
  readonly gateways: Gateway[];
  worker: Process;
  readonly tasks: {
    readonly id: string;
    readonly seen: TaskView[];
    readonly watches: Promise<readonly Answer[]>[];
  }[];
}

type Command = fc.AsyncCommand<Model, Real>;

const urlOf = (real: Real, gateway: number) => real.gateways[gateway]?.url ?? '';

/** Repeats an operation until the broker, which may have just restarted, serves again. */
async function ask(url: string, query: string, variables: Record<string, unknown>): Promise<Answer> {
  return eventually(
    () => post(url, query, variables),
    ({ errors }) => errors?.[0]?.extensions.code !== 'BROKER_UNAVAILABLE',
  );
}

/** Records a state, and compares it with the states that the model allows and with earlier ones. */
function see(task: TaskView, model: ModelTask, { seen }: Real['tasks'][number]): void {
  const allowed = [
    'QUEUED',
    ...(model.mayRun ? ['RUNNING', 'SUCCEEDED'] : []),
    ...(model.mayBeCanceled ? ['CANCELED'] : []),
    ...(model.isShort ? ['EXPIRED'] : []),
  ];
  expect(allowed).toContain(task.state);
  const end = seen.find(({ state }) => FINAL.includes(state));
  if (end !== undefined) expect(task).toEqual(end);
  seen.push(task);
}

interface Submission {
  readonly gateway: number;
  readonly trip: number;
  readonly requestId: string | undefined;
  readonly isShort: boolean;
}

class Submit implements Command {
  readonly #submission: Submission;
  constructor(submission: Submission) {
    this.#submission = submission;
  }
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const { gateway, trip, isShort } = this.#submission;
    // All lives use the same broker.
    const requestId = this.#submission.requestId && `life ${model.life}, ${this.#submission.requestId}`;
    const options = { requestId, timeoutMs: isShort ? SHORT_MS : 60_000 };
    const answer = await ask(urlOf(real, gateway), PREDICT_TRIP, {
      input: tripNumber(trip),
      options,
    });
    const known = model.tasks.findIndex((task) => requestId !== undefined && task.requestId === requestId);
    const [first, firstReal] = [model.tasks[known], real.tasks[known]];
    if (first === undefined || firstReal === undefined) {
      const task = {
        trip,
        requestId,
        isShort,
        mayRun: model.workerRuns,
        mayBeCanceled: false,
      };
      const view = taskIn(answer, 'predictTrip');
      model.tasks.push(task);
      real.tasks.push({ id: view.id, seen: [view], watches: [] });
    } else if (first.trip === trip) {
      const again = taskIn(answer, 'predictTrip');
      expect(again.id).toBe(firstReal.id);
      see(again, first, firstReal);
    } else {
      expect(answer.errors).toMatchObject([{ extensions: { code: 'REQUEST_ID_CONFLICT' } }]);
      expect(JSON.stringify(answer)).not.toContain(firstReal.id);
    }
  }
  toString = () => `submit ${JSON.stringify(this.#submission)}`;
}

/** A command about one of the existing tasks. */
abstract class AboutTask implements Command {
  readonly #gateway: number;
  readonly #nth: number;
  constructor(gateway: number, nth: number) {
    this.#gateway = gateway;
    this.#nth = nth;
  }
  check = ({ tasks }: Readonly<Model>) => tasks.length > 0;
  async run(model: Model, real: Real): Promise<void> {
    const i = this.#nth % model.tasks.length;
    const [task, realTask] = [model.tasks[i], real.tasks[i]];
    if (task === undefined || realTask === undefined)
      throw new Error('the model and what is real have the same tasks');
    await this.act(urlOf(real, this.#gateway), task, realTask);
  }
  abstract act(url: string, task: ModelTask, real: Real['tasks'][number]): Promise<void>;
  abstract readonly name: string;
  toString = () => `${this.name} task ${this.#nth} at gateway ${this.#gateway}`;
}

class Query extends AboutTask {
  readonly name = 'query';
  async act(url: string, task: ModelTask, real: Real['tasks'][number]): Promise<void> {
    see(taskIn(await ask(url, TASK, { id: real.id }), 'task'), task, real);
  }
}

class Cancel extends AboutTask {
  readonly name = 'cancel';
  async act(url: string, task: ModelTask, real: Real['tasks'][number]): Promise<void> {
    task.mayBeCanceled = true;
    const canceled = taskIn(await ask(url, CANCEL_TASK, { id: real.id }), 'cancelTask');
    expect(FINAL).toContain(canceled.state);
    see(canceled, task, real);
  }
}

class Subscribe extends AboutTask {
  readonly name = 'subscribe';
  async act(url: string, _task: ModelTask, real: Real['tasks'][number]): Promise<void> {
    real.watches.push(watch(url, real.id));
  }
}

/** Subscribes over WebSocket, and again when the gateway restarts. @returns all states up to the final one. */
async function watch(url: string, id: string): Promise<readonly Answer[]> {
  const client = openWebSocket(url, 1_000);
  try {
    return await eventually(
      () => collect(overWebSocket(client, TASK_UPDATES, { id })),
      (answers) => answers.every(({ errors }) => errors === undefined),
    );
  } finally {
    await client.dispose();
  }
}

/** The final state, from a gateway that may not have reached the restarted broker yet. */
async function end(url: string, id: string): Promise<TaskView> {
  const answers = await eventually(
    () => collect(sse(url, TASK_RESULT, { id })),
    ([answer]) => answer?.errors?.[0]?.extensions.code !== 'BROKER_UNAVAILABLE',
  );
  return onlyTask(answers);
}

/** Stops the worker process or continues it: a paused process does no work, and continues without a start. */
class ToggleWorker implements Command {
  check = () => true;
  async run(model: Model, { worker }: Real): Promise<void> {
    model.workerRuns = !model.workerRuns;
    worker.kill(model.workerRuns ? 'SIGCONT' : 'SIGSTOP');
    if (model.workerRuns) for (const task of model.tasks) task.mayRun = true;
  }
  toString = () => 'stop the worker, or let it go on';
}

class RestartWorker implements Command {
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    real.worker.kill('SIGKILL');
    await real.worker.ended;
    real.worker = await startWorker(real.nats);
    model.workerRuns = true;
    for (const task of model.tasks) task.mayRun = true;
  }
  toString = () => 'restart the worker';
}

class RestartGateway implements Command {
  readonly #gateway: number;
  constructor(gateway: number) {
    this.#gateway = gateway;
  }
  check = () => true;
  async run(_model: Model, real: Real): Promise<void> {
    const gateway = real.gateways[this.#gateway];
    const port = new URL(urlOf(real, this.#gateway)).port;
    gateway?.kill('SIGKILL');
    await gateway?.ended;
    real.gateways[this.#gateway] = await startGateway(real.nats, { PORT: port });
  }
  toString = () => `restart gateway ${this.#gateway}`;
}

class RestartBroker implements Command {
  check = () => true;
  async run(_model: Model, real: Real): Promise<void> {
    await real.nats.kill();
    await real.nats.restart();
  }
  toString = () => 'restart the broker';
}

const gateway = fc.nat(GATEWAYS - 1);
const nth = fc.nat(30);
const requestId = fc.option(fc.constantFrom('a', 'b'), { nil: undefined, freq: 2 });
const submit = fc
  .record({ gateway, trip: fc.nat(2), requestId, isShort: fc.boolean() })
  .map((submission) => new Submit(submission));
const ordinary = [
  submit,
  submit,
  fc.constant(new ToggleWorker()),
  fc.tuple(gateway, nth).map((args) => new Query(...args)),
  fc.tuple(gateway, nth).map((args) => new Cancel(...args)),
  fc.tuple(gateway, nth).map((args) => new Subscribe(...args)),
  fc.tuple(gateway, nth).map((args) => new Subscribe(...args)),
];
const faults = [
  fc.constant(new RestartWorker()),
  gateway.map((i) => new RestartGateway(i)),
  fc.constant(new RestartBroker()),
];
// A fault takes as much time as hundreds of ordinary commands.
const command = fc.oneof(
  { weight: 40, arbitrary: fc.oneof(...ordinary) },
  { weight: 1, arbitrary: fc.oneof(...faults) },
);

test('a task with a random life reaches one final state, the same for every client, and one that its life allows', {
  timeout: 120_000,
}, async () => {
  await using direct = await openDirectModel();
  await using nats = await startNats();
  const gateways = [await startGateway(nats), await startGateway(nats)];
  const real: Real = { nats, gateways, worker: await startWorker(nats), tasks: [] };
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    real.worker.kill('SIGCONT');
    for (const started of [...real.gateways, real.worker]) await started[Symbol.asyncDispose]();
  });
  let life = 0;
  const until = performance.now() + RUN_FOR_MS;

  await fc.assert(
    fc.asyncProperty(fc.commands([command], { maxCommands: 40, size: 'max' }), async (commands) => {
      if (performance.now() > until) return;
      const model: Model = { life: life++, workerRuns: false, tasks: [] };
      real.tasks.length = 0;
      real.worker.kill('SIGSTOP');
      await fc.asyncModelRun(() => ({ model, real }), commands);
      real.worker.kill('SIGCONT');
      for (const [i, task] of model.tasks.entries()) {
        const realTask = real.tasks[i];
        if (realTask === undefined) throw new Error('the model and what is real have the same tasks');
        task.mayRun = true;
        const ends = await Promise.all(gateways.map((_, g) => end(urlOf(real, g), realTask.id)));
        for (const final of ends) see(final, task, realTask);
        for (const answers of await Promise.all(realTask.watches)) {
          const states = answers.map((answer) => taskIn(answer, 'taskUpdates'));
          expect(states.slice(0, -1).filter(({ state }) => FINAL.includes(state))).toEqual([]);
          expect(states.at(-1)).toEqual(ends[0]);
        }
        if (ends[0]?.state === 'SUCCEEDED')
          expect(ends[0].prediction?.durationMinutes).toBe(await direct.predict(tripNumber(task.trip)));
        else expect(ends[0]?.prediction).toBeNull();
      }
    }),
    {
      numRuns: 1_000,
      ...(process.env.LIVES_SEED === undefined ? {} : { seed: Number(process.env.LIVES_SEED) }),
    },
  );
});
