/** The line of each task in the log of its gateway, at its end. */
import { taskFields } from '../contract/trace.ts';
import type { Logger } from '../process/log.ts';
import type { TaskEvents } from './taskEvents.ts';

/** @returns undefined unless `LOG_LEVEL` is `debug`: then nothing listens. */
export function tellEnds(events: Pick<TaskEvents, 'on'>, log: Logger): Disposable | undefined {
  if (!log.isLevelEnabled('debug')) return undefined;
  return events.on('ended', ({ id, trace, model, modelVersion, state, error, submittedAt, finishedAt }) => {
    const ms = Math.round((finishedAt - submittedAt) * 10) / 10;
    const fields = { ...taskFields(id, trace), model, version: modelVersion, state, code: error?.code, ms };
    log.debug(fields, 'task ended');
  });
}
