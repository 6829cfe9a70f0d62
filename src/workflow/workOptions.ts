/** The options of work, and their limits. */
import { badValue } from '../contract/errors.ts';
import { WORK_TIMEOUT_MS } from '../contract/work.ts';
import { checkOptions, type TaskOptions } from '../tasks/taskOptions.ts';

/** `timeoutMs` has limits of its own; the others have those of every task. */
export type WorkOptions = Pick<TaskOptions, 'requestId' | 'timeoutMs' | 'waitMs' | 'labels'>;

/** @throws {RequestError} `BAD_USER_INPUT`. */
export function checkWorkOptions({ timeoutMs, ...others }: WorkOptions): void {
  checkOptions(others);
  const { least, most } = WORK_TIMEOUT_MS;
  if (timeoutMs != null && (timeoutMs < least || timeoutMs > most))
    throw badValue('timeoutMs', `from ${least} to ${most} (ms)`, String(timeoutMs));
}
