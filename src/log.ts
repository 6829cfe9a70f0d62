/** The logger: pino, JSON for machines or one readable line for people. Lines of a task carry `taskId`. */
import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';
import { printableLines } from './printable.ts';

export type { Logger };

export function createLog(
  { logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>,
  name: string,
): Logger {
  const destination: DestinationStream =
    logFormat === 'pretty'
      ? pretty({
          sync: true,
          singleLine: true,
          ignore: 'pid,hostname,name',
          translateTime: 'SYS:HH:MM:ss.l',
          messageFormat: '{name}: {msg}',
        })
      : pino.destination({ fd: 1, sync: true });
  // pino escapes what JSON must, which is not all that a terminal obeys. A line for people is read as JSON once more on
  // its way: there the escapes have to stand as text.
  const prefix = logFormat === 'pretty' ? '\\\\u' : '\\u';
  const streamWrite = (line: string) => printableLines(line, prefix);
  return pino({ name, level: logLevel, hooks: { streamWrite } }, destination);
}
