/**
 * The newest partial output of each watched task that runs, until the task ends or is not watched any more. Workers tell
 * them, some each second, and each replaces the one before. If they take too much memory, the oldest are forgotten: their
 * watchers see the next ones again.
 */
import type { PartialOutput } from '../contract/messages/notices.ts';
import { bytesInMemory } from '../models/valueBytes.ts';
import type { TaskEvents } from './taskEvents.ts';

interface Kept extends PartialOutput {
  readonly attempts: number;
  readonly bytes: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
const ENTRY_BYTES = 500;

export class PartialOutputs implements Disposable {
  /** The one that was replaced last comes last. */
  readonly #kept = new Map<string, Kept>();
  readonly #listening = new DisposableStack();
  #bytes = 0;

  constructor({ events }: { readonly events: Pick<TaskEvents, 'on'> }) {
    this.#listening.use(events.on('ended', ({ id }) => this.forget(id)));
    this.#listening.use(events.on('foreignEnded', ({ id }) => this.forget(id)));
  }

  /** @returns false if a newer one is kept: notices of different workers come in any order. */
  keep(id: string, partial: PartialOutput, attempts: number): boolean {
    const before = this.#kept.get(id);
    const isOlder =
      before !== undefined &&
      (attempts < before.attempts || (attempts === before.attempts && partial.sequence <= before.sequence));
    if (isOlder) return false;
    this.forget(id);
    const bytes = ENTRY_BYTES + bytesInMemory(partial.output);
    this.#kept.set(id, { ...partial, attempts, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.forget(oldest);
    }
    return true;
  }

  of(id: string): PartialOutput | undefined {
    return this.#kept.get(id);
  }

  /** Also called once a task is not watched any more: its end may not be heard here then. */
  forget(id: string): void {
    this.#bytes -= this.#kept.get(id)?.bytes ?? 0;
    this.#kept.delete(id);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
