/** The process that answers one question about data, see `dataProcess.ts`. */
import { messageOf } from '../../src/contract/errors.ts';
import { DataFault, NoRoom, PlaceFault } from '../../src/data/dataFault.ts';
import { keepCompiled } from '../../src/process/compileCache.ts';
import { limitMemory } from '../runtimes/memoryLimit.ts';
import type { DataAnswer, DataQuestion } from './dataProcess.ts';
import { type AskedData, dataReader } from './dataReader.ts';

const maxMib = Number(process.argv[2] ?? 0);

// Without its parent this process has no purpose. The parent handles signals.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

keepCompiled();

process.once('message', async (question: DataQuestion) => {
  const answer = await answerTo(question).catch(answerOf);
  process.send?.(answer, () => {});
});

async function answerTo({ method, asked, more }: DataQuestion): Promise<DataAnswer> {
  if (maxMib > 0) await limitMemory(process.pid, maxMib);
  // Paths of temporary files are relative to it.
  process.chdir(asked.folder);
  const read = dataReader[method] as (asked: AskedData, ...more: readonly unknown[]) => Promise<unknown>;
  const answer = await read({ ...asked, signal: new AbortController().signal }, ...more);
  return { type: 'answer', answer };
}

function answerOf(error: unknown): DataAnswer {
  const message = messageOf(error);
  if (error instanceof NoRoom) return { type: 'noRoom', message };
  if (error instanceof DataFault && !(error instanceof PlaceFault)) return { type: 'fault', message };
  return { type: 'error', message };
}
