/** Which of the alerts that are found fire: those whose condition has held for the time of their rule, at each look. */
import { ALERT_RULES } from './alertRules.ts';
import type { Alert } from './alerts.ts';

export interface DatedAlert extends Alert {
  /** Since when this gateway sees it, in milliseconds since the epoch (broker time). */
  readonly since: number;
}

/** Alerts that were seen before a longer pause are new when they are seen again. */
const REMEMBER_MS = 60_000;

export class FiringAlerts {
  /** By what alerts say: since when they are seen. */
  #seenSince: ReadonlyMap<string, number> = new Map();
  #seenAt = Number.NEGATIVE_INFINITY;

  /** @param found at this look. @param now broker time. */
  of(found: readonly Alert[], now: number): readonly DatedAlert[] {
    const before = now - this.#seenAt > REMEMBER_MS ? new Map<string, number>() : this.#seenSince;
    this.#seenAt = now;
    const dated = found.map((alert) => ({ ...alert, since: before.get(alert.summary) ?? now }));
    this.#seenSince = new Map(dated.map(({ summary, since }) => [summary, since]));
    return dated.filter(({ name, since }) => now - since >= ALERT_RULES[name].forS * 1_000);
  }
}
