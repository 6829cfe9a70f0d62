/** What every scenario is. */
import { join } from 'node:path';
import { tripNumber } from '../support/predictDirectly.ts';
import type { ClientHabits } from './clients.ts';
import type { Oracle, Trial } from './oracle.ts';
import type { Random } from './random.ts';

export interface Stage {
  readonly oracle: Oracle;
  /** For the schedule of faults. */
  readonly random: Random;
  readonly seed: string;
  readonly tasks: number;
  readonly seconds: number;
}

export interface Scenario {
  readonly name: string;
  /** What happens, in a line. */
  readonly about: string;
  readonly run: (stage: Stage) => Promise<void>;
}

/** A trip that has to succeed. */
export function goodTrip(i: number): Trial & ClientHabits {
  return { input: tripNumber(i), expectation: 'succeeds' };
}

/** The environment of a worker whose sessions load these files of ours first. */
export function withSessions(files: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const imports = files.map((file) => `--import=${join(import.meta.dirname, file)}`);
  return { ...env, NODE_OPTIONS: imports.join(' ') };
}

/** So slow that it holds jobs for most of the time. */
export const SLOW_WORKER = withSessions(['slowRuns.js'], { SLOW_RUN_MS: '30' });
