/** The first step of every lane: reads a delivery, and settles one that is no job that can be run. */
import type { Delivery } from '../src/broker/broker.ts';
import { NewerMessage } from '../src/contract/decoding.ts';
import { messageOf } from '../src/contract/errors.ts';
import { jobAddress } from '../src/contract/protocol.ts';
import type { TaskAddress } from '../src/contract/task.ts';
import { NEWER_MESSAGE_DELAY_MS, type SettleOptions, settleMalformed } from './settle.ts';

/**
 * @param read throws if the delivery is no job that can be run.
 * @param settling where the end of such a delivery is waited for.
 * @returns undefined if it could not be read: the delivery is then settled, or handed back to a newer worker.
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
    else track(settling, settleMalformed(delivery, address, messageOf(error), options));
    return undefined;
  }
}

/** Settling is waited for at the end only; how much of it there is, credit bounds. */
export function track(settling: Set<Promise<void>>, work: Promise<void>): void {
  const tracked: Promise<void> = work.finally(() => settling.delete(tracked));
  settling.add(tracked);
}
