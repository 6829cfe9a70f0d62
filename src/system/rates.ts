/** What the answers of processes say of processes and of models: means and rates. */
import { type Figures, type ModelCounts, ProcessRole } from '../contract/messages/figures.ts';
import type { Answers } from './processFigures.ts';

export interface ProcessStats {
  readonly id: string;
  readonly role: ProcessRole;
  /** Milliseconds since the epoch, by the clock of the process. */
  readonly startedAt: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly eventLoopDelayMs: number;
  /** The part of a worker's slots that runs had, from 0 to 1; undefined for others. */
  readonly busy: number | undefined;
  /** Of a gateway. */
  readonly connections: number | undefined;
  /** Of a gateway. */
  readonly subscriptions: number | undefined;
}

/** Of the tasks of all gateways that answer. */
export interface ModelStats {
  readonly model: string;
  readonly acceptedPerSecond: number;
  readonly succeededPerSecond: number;
  readonly failedPerSecond: number;
  readonly refusedPerSecond: number;
  /** Undefined without tasks. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

type CountsByModel = ReadonlyMap<string, ModelCounts>;

/** The answers of a gateway between which rates are taken. */
interface Measured {
  readonly seconds: number;
  readonly newest: CountsByModel;
  readonly before: CountsByModel;
  readonly oldest: CountsByModel;
}

const ORDER = [ProcessRole.Gateway, ProcessRole.Worker, ProcessRole.Trainer];
const COUNTED = ['accepted', 'succeeded', 'failed', 'refused'] as const;
const MS = 1_000;
/** Gateways that ask at the same time get many answers. Rates over a shorter time would be noise. */
const RATE_OVER_MS = 900;

/** By role and id. */
export function processStats(processes: readonly Answers[]): readonly ProcessStats[] {
  return processes.map(statsOf).toSorted((a, b) => {
    const byRole = ORDER.indexOf(a.role) - ORDER.indexOf(b.role);
    return byRole === 0 ? a.id.localeCompare(b.id) : byRole;
  });
}

/** By name. */
export function modelStats(processes: readonly Answers[], names: readonly string[]): readonly ModelStats[] {
  const measured = processes.flatMap((answers) => measuredIn(answers) ?? []);
  return names.toSorted().map((model) => statsOfModel(model, measured));
}

function statsOf(answers: Answers): ProcessStats {
  const newest = newestOf(answers);
  // At its first answer, a process is told as it was since its start.
  const before = beforeIn(answers);
  const elapsedMs = newest.upMs - (before?.upMs ?? 0);
  const { id, role, startedAt, memoryBytes, eventLoopDelayMs, slots, gateway } = newest;
  return {
    id,
    role,
    startedAt,
    memoryBytes,
    eventLoopDelayMs,
    cpuCores: (newest.cpuMs - (before?.cpuMs ?? 0)) / elapsedMs,
    busy: slots && Math.min(1, (slots.usedMs - (before?.slots?.usedMs ?? 0)) / elapsedMs / slots.count),
    connections: gateway?.connections,
    subscriptions: gateway?.subscriptions,
  };
}

function measuredIn(answers: Answers): Measured | undefined {
  const newest = newestOf(answers);
  const before = beforeIn(answers);
  if (newest.gateway === undefined || before === undefined) return undefined;
  return {
    seconds: (newest.upMs - before.upMs) / MS,
    newest: byModel(newest),
    before: byModel(before),
    oldest: byModel(answers[0]),
  };
}

function byModel({ gateway }: Figures): CountsByModel {
  return new Map(gateway?.models.map((counts) => [counts.model, counts]));
}

function statsOfModel(model: string, gateways: readonly Measured[]): ModelStats {
  const rates = { accepted: 0, succeeded: 0, failed: 0, refused: 0 };
  let bounds: readonly number[] = [];
  let ended: readonly number[] = [];
  for (const { seconds, newest, before, oldest } of gateways) {
    const counts = newest.get(model);
    if (counts === undefined) continue;
    for (const name of COUNTED) rates[name] += (counts[name] - (before.get(model)?.[name] ?? 0)) / seconds;
    const first = oldest.get(model)?.counts ?? [];
    const since = counts.counts.map((count, i) => count - (first[i] ?? 0));
    // Gateways of another version may have other buckets. They cannot be added, and are left out.
    if (ended.length > 0 && counts.bounds.join() !== bounds.join()) continue;
    bounds = counts.bounds;
    ended = since.map((count, i) => count + (ended[i] ?? 0));
  }
  return {
    model,
    acceptedPerSecond: rates.accepted,
    succeededPerSecond: rates.succeeded,
    failedPerSecond: rates.failed,
    refusedPerSecond: rates.refused,
    p50Ms: quantileMs(bounds, ended, 0.5),
    p99Ms: quantileMs(bounds, ended, 0.99),
  };
}

/** A quantile within its bucket, as if values lay evenly in it. @returns undefined without values. */
function quantileMs(bounds: readonly number[], counts: readonly number[], share: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  let left = share * all;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && left <= count) {
      const from = bounds[i - 1] ?? 0;
      const to = bounds[i] ?? from;
      return (from + ((to - from) * left) / count) * MS;
    }
    left -= count;
  }
  return (bounds.at(-1) ?? 0) * MS;
}

/** The answer a second before the newest, or the oldest; undefined if there is one only. */
function beforeIn(answers: Answers): Figures | undefined {
  const newest = newestOf(answers);
  const before = answers.findLast(({ upMs }) => newest.upMs - upMs >= RATE_OVER_MS) ?? answers[0];
  return before.upMs < newest.upMs ? before : undefined;
}

function newestOf(answers: Answers): Figures {
  return answers.at(-1) ?? answers[0];
}
