/**
 * Reads data in a process of its own, one for each question. A file that takes all memory, or makes DuckDB crash, ends that
 * process and not the trainer, which may have a training of days beside it.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { DataFault, NoRoom } from '../../src/data/dataFault.ts';
import { isOutOfMemory, sessionLimit } from '../runtimes/memoryLimit.ts';
import { endWithUs } from '../runtimes/processGuard.ts';
import type { AskedData, DataReader } from './dataReader.ts';
import { recipeVariables } from './recipeVariables.ts';

/** Parent to child. The signal stays with the parent, which ends the child. */
export interface DataQuestion {
  readonly method: keyof DataReader;
  readonly asked: Omit<AskedData, 'signal'>;
  readonly more: readonly unknown[];
}

/** Child to parent. */
export type DataAnswer =
  | { readonly type: 'answer'; readonly answer: unknown }
  | { readonly type: 'fault' | 'noRoom' | 'error'; readonly message: string };

/** DuckDB takes 1 GiB of it. */
const MOST_MIB = 3072;
/** Of stderr, for messages. */
const REMEMBERED_CHARACTERS = 4_000;

/** The answers, each from a process of its own. @throws {NoRoom} also if its process needs too much memory. */
export const dataProcess: DataReader = {
  report: (asked, ...more) => ask('report', asked, more),
  split: (asked, ...more) => ask('split', asked, more),
  holdOut: (asked) => ask('holdOut', asked, []),
};

async function ask<Method extends keyof DataReader>(
  method: Method,
  { signal, ...asked }: AskedData,
  more: readonly unknown[],
): Promise<Awaited<ReturnType<DataReader[Method]>>> {
  const { maxMib } = await sessionLimit({ sessionMaxMib: MOST_MIB, executionProviders: [] });
  signal.throwIfAborted();
  const child = fork(join(import.meta.dirname, 'dataChild.ts'), [String(maxMib)], {
    serialization: 'advanced',
    env: recipeVariables(process.env, []),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const guard = endWithUs(child.pid);
  const over = Promise.withResolvers<DataAnswer>();
  const giveUp = () => over.reject(signal.reason);
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-REMEMBERED_CHARACTERS);
  });
  child.once('message', (answer: DataAnswer) => over.resolve(answer));
  child.once('error', over.reject);
  child.once('close', (code, killedBy) =>
    over.resolve(answerOfDead(killedBy ?? `exit code ${code}`, printed)),
  );
  signal.addEventListener('abort', giveUp);
  try {
    child.send({ method, asked, more } satisfies DataQuestion, () => {});
    const answer = await over.promise;
    if (answer.type === 'answer') return answer.answer as Awaited<ReturnType<DataReader[Method]>>;
    if (answer.type === 'fault') throw new DataFault(answer.message);
    throw answer.type === 'noRoom' ? new NoRoom(answer.message) : new Error(answer.message);
  } finally {
    signal.removeEventListener('abort', giveUp);
    child.kill('SIGKILL');
    guard?.kill('SIGKILL');
  }
}

function answerOfDead(how: string, printed: string): DataAnswer {
  if (isOutOfMemory(printed))
    return {
      type: 'noRoom',
      message: `reading the data must take at most ${MOST_MIB} MiB of memory, and takes more: give fewer rows or columns, or shorter cells`,
    };
  return { type: 'error', message: `the process that reads the data was ended by ${how}` };
}
