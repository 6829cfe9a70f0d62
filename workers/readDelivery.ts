/** The first step of every lane: reads a delivery, and settles it if it carries no job that can be run. */
import type { Delivery } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import { NewerMessage } from '../src/contract/messages/decoder.ts';
import { jobAddress } from '../src/contract/subjects.ts';
import type { TaskAddress } from '../src/contract/taskId.ts';
import type { Logger } from '../src/process/log.ts';
import { NEWER_MESSAGE_DELAY_MS, type SettleOptions, settleMalformed } from './settle.ts';

/** A job whose settling failed is delivered again after this time. */
const FAILED_DELAY_MS = 5_000;

/**
 * @param read throws if the delivery is no job that can be run.
 * @param settling collects the settling of such deliveries, so that the caller can wait for it.
 * @returns the content; undefined if it could not be read. The delivery is then settled, or handed back for a newer
 *   worker.
 */
export function readDelivery<T, Options extends SettleOptions>(
  delivery: Delivery,
  read: (delivery: Delivery, address: TaskAddress, options: Options) => T,
  settling: Set<Promise<void>>,
  options: Options,
): T | undefined {
  const address = jobAddress(delivery.subject);
  try {
    if (address === undefined) throw new Error('the subject does not name a task of this model and deadline');
    return read(delivery, address, options);
  } catch (error) {
    if (error instanceof NewerMessage) delivery.handBack(NEWER_MESSAGE_DELAY_MS);
    else
      track(
        settling,
        { delivery, log: options.log },
        settleMalformed(delivery, address, messageOf(error), options),
      );
    return undefined;
  }
}

/**
 * Lets a delivery be settled beside the next runs. Settling is waited for only at the end; credit limits how much of it
 * goes on at once. If it fails with an unforeseen error, another delivery of the job tries again.
 */
export function track(
  settling: Set<Promise<void>>,
  { delivery, log }: { readonly delivery: Delivery; readonly log: Logger },
  work: Promise<void>,
): void {
  const tracked: Promise<void> = work
    .catch((err: unknown) => {
      log.error({ err, subject: delivery.subject }, 'a job could not be settled');
      delivery.handBack(FAILED_DELAY_MS);
    })
    .finally(() => settling.delete(tracked));
  settling.add(tracked);
}
