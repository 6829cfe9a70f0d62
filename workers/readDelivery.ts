/** The first step of every lane: what a delivery carries, or its end if it carries nothing that can be run. */
import type { Delivery } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import { NewerMessage } from '../src/contract/messages/decoder.ts';
import { jobAddress } from '../src/contract/subjects.ts';
import type { TaskAddress } from '../src/contract/task.ts';
import { NEWER_MESSAGE_DELAY_MS, type SettleOptions, settleMalformed } from './settle.ts';

/**
 * @param read throws if the delivery is no job that can be run.
 * @param settling where the end of such a delivery is waited for.
 * @returns what was read; undefined if it could not be: the delivery is then settled, or handed back to a newer worker.
 */
export function readDelivery<T>(
  delivery: Delivery,
  read: (address: TaskAddress) => T,
  settling: Set<Promise<void>>,
  options: SettleOptions,
): T | undefined {
  const address = jobAddress(delivery.subject);
  try {
    if (address === undefined) throw new Error('the subject does not name a task of this model and deadline');
    return read(address);
  } catch (error) {
    if (error instanceof NewerMessage) delivery.handBack(NEWER_MESSAGE_DELAY_MS);
    else track(settling, settleMalformed(delivery, address, messageOf(error), options));
    return undefined;
  }
}

/** Settling is waited for at the end only; how much of it there is, credit bounds. */
export function track(settling: Set<Promise<void>>, work: Promise<void>): void {
  const tracked: Promise<void> = work.finally(() => settling.delete(tracked));
  settling.add(tracked);
}
