/** All benchmarks, in the order of a full run. */
import type { Benchmark } from '../benchmark.ts';
import { artifacts } from './artifacts.ts';
import { backlog } from './backlog.ts';
import { batch } from './batch.ts';
import { compute } from './compute.ts';
import { fairness } from './fairness.ts';
import { hostile } from './hostile.ts';
import { idle } from './idle.ts';
import { keptResults } from './keptResults.ts';
import { logins } from './logins.ts';
import { manyModels } from './manyModels.ts';
import { metrics } from './metrics.ts';
import { open100 } from './open100.ts';
import { open1000 } from './open1000.ts';
import { parts } from './parts.ts';
import { peers } from './peers.ts';
import { postSse } from './postSse.ts';
import { postWebSocket } from './postWebSocket.ts';
import { progress } from './progress.ts';
import { python } from './python.ts';
import { scaling } from './scaling.ts';
import { single } from './single.ts';
import { soak } from './soak.ts';
import { start } from './start.ts';
import { subscriptions } from './subscriptions.ts';
import { tensors } from './tensors.ts';
import { tracing } from './tracing.ts';
import { trainings } from './trainings.ts';
import { tuning } from './tuning.ts';
import { websocket } from './websocket.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  parts,
  websocket,
  postWebSocket,
  postSse,
  logins,
  metrics,
  tracing,
  single,
  open1000,
  open100,
  compute,
  batch,
  tensors,
  python,
  subscriptions,
  fairness,
  hostile,
  backlog,
  keptResults,
  scaling,
  tuning,
  trainings,
  artifacts,
  progress,
  start,
  idle,
  manyModels,
  soak,
  peers,
];
