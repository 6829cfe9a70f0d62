/**
 * The frame of the gateway's and the worker's process: signals, the channel to the supervisor, exit codes.
 *
 * A process ends in order on SIGTERM and SIGINT, and when its supervisor is gone. A wrong configuration ends it with
 * exit code 78, an unforeseen error with 1. Only the two mains call it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConfigurationError, EXIT_CONFIGURATION, messageOf } from '../contract/errors.ts';
import { keepCompiled } from './compileCache.ts';
import { logFatal } from './log.ts';

export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process should stop. */
  readonly stopping: AbortSignal;
  /** Aborted when it should stop at once: a second signal came, or its supervisor is gone. */
  readonly hurrying: AbortSignal;
  /** Resolves when `stopping` is aborted. */
  readonly stopped: Promise<void>;
  /** Tells the supervisor, if there is one, that the process is ready. */
  readonly ready: (details: { readonly url?: string }) => void;
  /**
   * Tells the supervisor, if there is one, again and again whether the broker stores messages. The supervisor restarts
   * its own broker if it does not.
   *
   * @param check rejects with the reason if the broker is connected and stores nothing.
   */
  readonly reportBroker: (broker: { readonly connected: boolean }, check: () => Promise<void>) => Disposable;
  /** Tells the supervisor, if there is one, what it asks of the process. */
  readonly answerSupervisor: (answers: SupervisorAnswers) => Disposable;
}

export interface SupervisorAnswers {
  /** The families of its metrics. */
  readonly metrics: () => Promise<readonly object[]>;
  /** Why it cannot do its work now; undefined: it can. */
  readonly problem: () => Promise<string | undefined>;
}

/** Messages of gateways, workers and trainers to the supervisor. */
export type ChildMessage =
  | {
      readonly type: 'ready';
      /** The address of a gateway. */
      readonly url?: string;
    }
  | {
      readonly type: 'broker';
      /** Why the broker stores nothing. Absent: it stores. */
      readonly problem?: string;
    }
  | ChildAnswer;

/** What a supervisor sends: it wants one of the two. */
export type Question = keyof SupervisorAnswers;

export type ChildAnswer =
  | { readonly type: 'metrics'; readonly metrics: readonly object[] }
  | { readonly type: 'problem'; readonly problem?: string | undefined };

/** One stop can arrive as two signals: an init system may signal the supervisor and its children. */
const SAME_STOP_MS = 1_000;
const BROKER_REPORT_MS = 5_000;

export async function runProcess(
  name: string,
  body: (context: ProcessContext) => Promise<void>,
): Promise<never> {
  const stop = new AbortController();
  const hurry = new AbortController();
  const stopped = Promise.withResolvers<void>();
  let toldAt = Number.POSITIVE_INFINITY;
  stop.signal.addEventListener('abort', () => stopped.resolve());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (performance.now() - toldAt > SAME_STOP_MS) hurry.abort();
      toldAt = Math.min(toldAt, performance.now());
      stop.abort();
    });
  }
  process.on('disconnect', () => {
    hurry.abort();
    stop.abort();
  });
  try {
    await body({
      env: process.env,
      stopping: stop.signal,
      hurrying: hurry.signal,
      stopped: stopped.promise,
      ready(details) {
        tellSupervisor({ type: 'ready', ...details });
        keepCompiled();
      },
      reportBroker,
      answerSupervisor,
    });
    process.exit(0);
  } catch (error) {
    // An error that the stop itself has caused is no failure.
    if (stop.signal.aborted) process.exit(0);
    logFatal(error, name, process.env);
    process.exit(error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1);
  }
}

function tellSupervisor(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

function reportBroker(broker: { readonly connected: boolean }, check: () => Promise<void>): Disposable {
  const report = async () => {
    const problem = await check().then(() => undefined, messageOf);
    // A broker that is away is restarted anyway, and one that starts must first read its stores.
    tellSupervisor(
      broker.connected && problem !== undefined ? { type: 'broker', problem } : { type: 'broker' },
    );
  };
  // Only a supervisor listens to it.
  const timer =
    process.send === undefined ? undefined : setInterval(() => void report(), BROKER_REPORT_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function answerSupervisor({ metrics, problem }: SupervisorAnswers): Disposable {
  const answer = async (question: unknown) => {
    if (question === 'metrics') tellSupervisor({ type: 'metrics', metrics: await metrics() });
    else if (question === 'problem') tellSupervisor({ type: 'problem', problem: await problem() });
  };
  process.on('message', answer);
  return { [Symbol.dispose]: () => void process.off('message', answer) };
}

/**
 * Frees the memory that starting took. Before its first full collection V8 does not know how little stays alive, and
 * lets the heap grow: by 70 MiB in a gateway under load. A worker makes too little garbage to trigger that collection
 * itself.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
