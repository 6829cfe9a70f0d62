/**
 * The logger: pino, JSON for machines or one readable line for people. Lines of a task carry `taskId`, and the id of its
 * trace as `trace`.
 */
import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';
import { ConfigurationError } from '../contract/errors.ts';
import { type Config, readLogConfig } from './config.ts';
import { printableLines } from './printable.ts';

export type { Logger };

const STDOUT = 1;
const STDERR = 2;
/**
 * Members that are not written. It is a safeguard, since nothing logs them on purpose: errors of libraries may hold
 * requests with their headers.
 */
const LOGINS = ['authorization', 'cookie', 'password', 'secret', 'token', 'key', 'apiKey', 'natsUrl', 'jwt'];
/** Where they are looked for. To look everywhere (`*`) makes a line cost 70 µs more. */
const PLACES = ['', 'err.', 'headers.', 'err.headers.', 'request.headers.', 'err.request.headers.'];
const REDACTED = PLACES.flatMap((place) => LOGINS.map((name) => place + name));

export function createLog(
  { logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>,
  name: string,
  fd: typeof STDOUT | typeof STDERR = STDOUT,
): Logger {
  const destination = logFormat === 'pretty' ? prettyDestination(fd) : pino.destination({ fd, sync: true });
  // pino escapes only what JSON requires; a terminal obeys more characters than that. The pretty printer parses each
  // line as JSON once more, so its escapes must survive that parse.
  const prefix = logFormat === 'pretty' ? '\\\\u' : '\\u';
  const streamWrite = (line: string) => printableLines(line, prefix);
  const redact = { paths: REDACTED, censor: '[redacted]' };
  return pino({ name, level: logLevel, redact, hooks: { streamWrite } }, destination);
}

/** The printer is loaded only where its lines are wanted: its modules take 15 ms of CPU to load. */
function prettyDestination(fd: number): DestinationStream {
  const pretty: typeof import('pino-pretty') = createRequire(import.meta.url)('pino-pretty');
  return pretty({
    destination: fd,
    sync: true,
    singleLine: true,
    ignore: 'pid,hostname,name',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{name}: {msg}',
  });
}

/**
 * Writes to stderr why a process ends, in the format of its log: one line for each problem of a configuration,
 * otherwise the error with its stack. It ignores `LOG_LEVEL` and needs no valid configuration.
 *
 * @param env as `readConfig` takes it
 */
export function logFatal(
  error: unknown,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const log = createLog({ ...readLogConfig(env), logLevel: 'fatal' }, name, STDERR);
  if (error instanceof ConfigurationError) for (const problem of error.problems) log.fatal(problem);
  else log.fatal({ err: error }, 'ended by an error that was not foreseen');
}
