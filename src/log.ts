/** The logger: pino, JSON for machines or one readable line for people. Lines of a task carry `taskId`. */
import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';

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
  return pino({ name, level: logLevel }, destination);
}
