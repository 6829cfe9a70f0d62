/**
 * The alerts that gateways tell. They are those of deploy/prometheus/rules.yml of the same names, with the same urgency and
 * limits, and wait as long before they fire: a test compares both.
 */

export const AlertSeverity = { Warning: 'WARNING', Critical: 'CRITICAL' } as const;
export type AlertSeverity = (typeof AlertSeverity)[keyof typeof AlertSeverity];

export interface AlertRule {
  readonly severity: AlertSeverity;
  /** So many seconds its condition must hold. */
  readonly forS: number;
  /** Its condition holds beyond this. */
  readonly limit?: number;
}

const { Warning, Critical } = AlertSeverity;

export const ALERT_RULES = {
  TidingsBrokerUnreachable: { severity: Critical, forS: 30 },
  TidingsNoWorker: { severity: Critical, forS: 30 },
  TidingsBacklogBeyondDeadline: { severity: Critical, forS: 60 },
  /** The part of a store. */
  TidingsStoreNearlyFull: { severity: Warning, forS: 300, limit: 0.8 },
  TidingsDeadLetters: { severity: Warning, forS: 0 },
  TidingsVersionRefused: { severity: Warning, forS: 60 },
  /** In seconds. */
  TidingsGatewayEventLoop: { severity: Warning, forS: 300, limit: 0.25 },
  TidingsModelPaused: { severity: Warning, forS: 300 },
  /** Times the error at the end of the day before yesterday (UTC). */
  TidingsLiveErrorUp: { severity: Warning, forS: 1_800, limit: 1.5 },
} as const satisfies Readonly<Record<string, AlertRule>>;
export type AlertName = keyof typeof ALERT_RULES;

/** The least tasks in a live error that is told. */
export const LIVE_ERROR_TASKS = 100;
