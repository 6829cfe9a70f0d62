/** What workers tell of themselves. */
import { PATIENCE_MS, shown, within } from './eventually.ts';
import type { Broker, WorkerPresence } from './jobs.ts';

/** The first presence notice of a worker that fits. @throws with the last notice if none fits. */
export async function presence(
  broker: Pick<Broker, 'notices'>,
  fits: (presence: WorkerPresence) => boolean,
): Promise<WorkerPresence> {
  const found = Promise.withResolvers<WorkerPresence>();
  let last: WorkerPresence | undefined;
  using _listening = broker.notices.listenWorkers({
    present: (told) => {
      last = told;
      if (fits(told)) found.resolve(told);
    },
    left: () => {},
  });
  return await within(PATIENCE_MS, found.promise, () => `no presence fitted, the last was ${shown(last)}`);
}
