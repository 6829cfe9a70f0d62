/**
 * Renews the leases of the jobs that this process holds, all of them in one write to the broker. Its timer runs only
 * while a job is held.
 *
 * The broker takes no renewal for several jobs at once. So a job that has just arrived is left out: under load most jobs
 * end before they need a renewal.
 */
import type { HeldDelivery } from './heldDelivery.ts';

/** How long a job stays with its worker after its delivery, or after a renewal. */
export const LEASE_MS = 2_000;
/**
 * A job is renewed for the first time 0.75 s after its arrival at the latest. So the thread may be late by more than a
 * second, as it is where other processes take the CPU.
 */
const RENEWAL_MS = 500;
const FIRST_RENEWAL_FROM_MS = 250;

export class Leases implements Disposable {
  readonly #isConnected: () => boolean;
  readonly #held = new Set<HeldDelivery>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ isConnected }: { isConnected: () => boolean }) {
    this.#isConnected = isConnected;
  }

  keep(delivery: HeldDelivery): void {
    this.#held.add(delivery);
    this.#timer ??= setInterval(() => this.#renew(), RENEWAL_MS).unref();
  }

  /** The job has ended, or its lease may run out. */
  drop(delivery: HeldDelivery): void {
    this.#held.delete(delivery);
  }

  [Symbol.dispose](): void {
    this.#held.clear();
    this.#stop();
  }

  #renew(): void {
    if (this.#held.size === 0) this.#stop();
    if (!this.#isConnected()) return;
    const arrivedUntil = performance.now() - FIRST_RENEWAL_FROM_MS;
    for (const delivery of this.#held) if (delivery.arrivedAt <= arrivedUntil) delivery.renewLease();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
