/** Addresses for tasks that no gateway has accepted. By default their owner is `anonymous`, and they were opened now. */
import { ANONYMOUS } from '../../src/contract/owner.ts';
import {
  type BundleAddress,
  newBundleAddress as bundleAddress,
  newRowAddress,
  type TaskAddress,
} from '../../src/contract/taskId.ts';
import { BundleNumbers } from '../../src/tasks/bundleNumbers.ts';

const numbers = new BundleNumbers();

export function newBundleAddress(
  model: string,
  home: string,
  deadlineSecond: number,
  owner = ANONYMOUS,
): BundleAddress {
  return bundleAddress({ model, home, deadlineSecond, owner, openedAt: numbers.next(Date.now()) });
}

interface Place {
  readonly model: string;
  readonly home: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly owner?: string;
}

export function newTaskAddress({ model, home, deadline, owner }: Place): TaskAddress {
  return newRowAddress(newBundleAddress(model, home, Math.ceil(deadline / 1000), owner), 0);
}
