/** A long queue: whether tasks are accepted and finished as fast as with an empty one. */
import { streams } from '../../../src/contract/subjects.ts';
import { startNats } from '../../support/natsServer.ts';
import { tripNumber } from '../../support/predictDirectly.ts';
import { startGateway, startWorker } from '../../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../../support/streams.ts';
import { type Benchmark, elapsed, figure } from '../benchmark.ts';
import { shared } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { closedLoop, keepUp } from '../load.ts';
import { type Exchange, idIn, tripQuestions } from '../questions.ts';
import { cpuNow, difference, ofServers, PRODUCTION, tripModel } from '../system.ts';

const CLIENTS = 256;
/** The number of tasks in one operation while the queue is filled. */
const ALIASES = 50;
const WARM_UP_S = 3;
const POLL_MS = 20;
const SAMPLE = 100;
const QUEUE = streams.jobs('trip-duration');
const LIMITS = {
  QUEUE_MAX_JOBS: '10000000',
  QUEUE_MAX_BYTES: String(8 * 1024 ** 3),
  OPEN_TASKS_MAX: '10000000',
  RESULT_MAX_COUNT: '10000000',
  RESULT_MAX_BYTES: String(16 * 1024 ** 3),
  MAX_ALIASES: String(ALIASES),
};
/** The longest possible time limit, so that no task expires meanwhile. */
const OPTIONS = { timeoutMs: 300_000 };
const NO_WORSE = { atLeast: 0.8 };

export const backlog: Benchmark = {
  name: 'backlog',
  about: 'submitting without a worker, then finishing as many, on an empty queue and behind all that wait',
  repetitions: 1,
  async prepare(revision, { jobs, seconds, connections }) {
    const asked = await tripQuestions(OPTIONS);
    return {
      async measure() {
        await using opened = new AsyncDisposableStack();
        const models = opened.use(await tripModel(revision)).path;
        const env = { ...PRODUCTION, ...LIMITS, MODELS_DIR: models };
        const nats = opened.use(await startNats());
        const gateway = opened.use(await startGateway(nats, env, revision.root));
        const queue = opened.use(await inspectStreams(nats));
        const sockets = await GraphQLSocket.openAll(gateway.url, connections, opened);
        /** The oldest waiting tasks, whose answers are checked. */
        const sample: { readonly row: number; readonly id: string }[] = [];
        const submit: Submit = (payload) => async (row) => {
          const answer = await shared(sockets, row).ask(payload(row));
          if (sample.length < SAMPLE) sample.push({ row, id: idIn(answer) });
        };
        const checkSample = async () => {
          for (const { row, id } of sample.splice(0))
            asked.check(row, await shared(sockets, row).ask(asked.subscription(id)));
        };
        /** @param oldest the tasks that wait already, which the worker takes first. */
        const play = async (lastingSeconds: number, oldest?: Waiting): Promise<Played> => {
          const { tasks: submitted } = await submitWhile(submit(asked.submission), 1, (load) =>
            keepUp(load, lastingSeconds * 1_000),
          );
          const { messages } = await queue.state(QUEUE);
          const tasksPerMessage = oldest ? oldest.tasks / oldest.messages : submitted / messages;
          await using worker = await startWorker(nats, env, revision.root);
          const pids = {
            gateway: [gateway.pid],
            'worker and sessions': [worker.pid],
            'nats-server': [nats.pid],
          };
          const before = await cpuNow(pids);
          const finishedPerSecond = tasksPerMessage * (await finish(submitted / tasksPerMessage, queue));
          const cpu = ofServers(difference(await cpuNow(pids), before));
          await checkSample();
          return {
            submittedPerSecond: submitted / lastingSeconds,
            finishedPerSecond,
            cpuPer1000: (cpu / submitted) * 1_000,
          };
        };
        await play(WARM_UP_S);
        const empty = await play(seconds);
        const full = await play(seconds, await fill(jobs, queue, submit(manyAtOnce)));
        return [
          ...playedFigures('empty queue', empty),
          ...playedFigures(`${jobs.toLocaleString('en-US')} waiting`, full),
          figure('submitted, share', 2, full.submittedPerSecond / empty.submittedPerSecond, NO_WORSE),
          figure('finished, share', 2, full.finishedPerSecond / empty.finishedPerSecond, NO_WORSE),
        ];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

type Submit = (payload: (row: number) => string) => Exchange;

interface Played {
  readonly submittedPerSecond: number;
  readonly finishedPerSecond: number;
  /** CPU-seconds of all servers for 1,000 finished tasks. */
  readonly cpuPer1000: number;
}

function playedFigures(queue: string, { submittedPerSecond, finishedPerSecond, cpuPer1000 }: Played) {
  return [
    figure(`${queue}: submitted/s`, 0, submittedPerSecond),
    figure(`${queue}: finished/s`, 0, finishedPerSecond),
    figure(`${queue}: CPU-s per 1,000 finished, all servers`, 3, cpuPer1000),
  ];
}

interface Waiting {
  readonly tasks: number;
  /** Bundles, which carry many tasks each; a revision without bundles has one message for each task. */
  readonly messages: number;
}

/** @returns the number of accepted tasks. */
async function submitWhile(
  submit: Exchange,
  tasksInOne: number,
  until: (load: ReturnType<typeof closedLoop>, accepted: () => number) => Promise<void>,
): Promise<{ readonly tasks: number }> {
  let tasks = 0;
  const counted: Exchange = async (row) => {
    await submit(row);
    tasks += tasksInOne;
  };
  {
    await using load = closedLoop(Array.from({ length: CLIENTS }, () => counted));
    await until(load, () => tasks);
  }
  // Those that were under way have been accepted, too.
  return { tasks };
}

/** Waits until so many messages have left the queue. @returns the messages per second. */
async function finish(count: number, queue: StreamInspector): Promise<number> {
  const startedAt = performance.now();
  const { messages } = await queue.state(QUEUE);
  const left = Math.max(0, messages - count);
  while ((await queue.state(QUEUE)).messages > left) await elapsed(POLL_MS);
  return (messages - left) / ((performance.now() - startedAt) / 1_000);
}

/** Submits until so many tasks wait. */
async function fill(count: number, queue: StreamInspector, submit: Exchange): Promise<Waiting> {
  const { tasks } = await submitWhile(submit, ALIASES, async (load, accepted) => {
    while (accepted() < count) await keepUp(load, POLL_MS);
  });
  return { tasks, messages: (await queue.state(QUEUE)).messages };
}

function manyAtOnce(row: number): string {
  const fields = Array.from(
    { length: ALIASES },
    (_, i) => `a${i}: predictTrip(input: $input, options: $options) { id }`,
  );
  const query = `mutation($input: PredictTripInput!, $options: TaskOptions) { ${fields.join(' ')} }`;
  return JSON.stringify({ query, variables: { input: tripNumber(row), options: OPTIONS } });
}
