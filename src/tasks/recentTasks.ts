import type { FinishedTask } from '../contract/task.ts';
import { bytesInMemory, CHARACTER_IN_MEMORY_BYTES } from '../models/valueBytes.ts';

/**
 * The most bytes of both maps together. A vector of a prediction may take half a megabyte, and texts have any length.
 */
const RECENT_MAX = 10_000;
const RECENT_MAX_BYTES = 64 * 1024 * 1024;
/**
 * The bytes of a task without its input and prediction. With the ids of 100 tasks that it was redriven from, it has ten times as
 * many.
 */
const TASK_BYTES = 1_024;
const ID_BYTES = 96;

/**
 * Finished own tasks, kept for subscribers that come soon after the end. Older ones are read from the stream.
 *
 * There are two maps, an older and a newer: finding the oldest entry of a single map would step over all entries that
 * were removed before.
 */
export class RecentTasks {
  #newer = new Map<string, FinishedTask>();
  #older: ReadonlyMap<string, FinishedTask> = this.#newer;
  #newerBytes = 0;

  add(task: FinishedTask): void {
    this.#newer.set(task.id, task);
    this.#newerBytes += bytesOf(task);
    if (this.#newer.size >= RECENT_MAX / 2 || this.#newerBytes >= RECENT_MAX_BYTES / 2) this.forgetOlder();
  }

  get(id: string): FinishedTask | undefined {
    return this.#newer.get(id) ?? this.#older.get(id);
  }

  forgetOlder(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#newerBytes = 0;
  }
}

function bytesOf({ prediction = {}, input = {}, history = [], error }: FinishedTask): number {
  const messageBytes = CHARACTER_IN_MEMORY_BYTES * (error?.message.length ?? 0);
  const valueBytes = bytesInMemory(prediction) + bytesInMemory(input);
  return TASK_BYTES + valueBytes + ID_BYTES * history.length + messageBytes;
}
