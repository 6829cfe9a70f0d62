/**
 * The messages between gateways and workers about shadows: the job, its answer, and the comparisons of a gateway. They
 * go over core NATS: each may be lost, and no task waits for it.
 */
import { INSTANT, LONGEST_LIST, NAME } from '../bounds.ts';
import { COMPARISON_SUMS } from '../comparisonSums.ts';
import { listOf, object, type Passing, uncheckedRecord } from '../schema.ts';
import { TASK_TIMINGS } from '../task.ts';
import { VALUES } from '../values.ts';
import { decoderOf, VERSION } from './decoder.ts';

export const SHADOW_JOB = object('a shadow job', {
  v: VERSION,
  taskId: NAME,
  /** Of a task that has its own job. Checked against the manifest by the worker. */
  input: uncheckedRecord('an object with a value by the name of each input'),
  /** Milliseconds since the epoch, broker time. */
  sentAt: INSTANT,
  /** Milliseconds since the epoch, broker time: from then on no gateway wants to know any more. */
  deadline: INSTANT,
});
export type ShadowJob = Passing<typeof SHADOW_JOB>;

export const SHADOW_ANSWER = object(
  'the answer of a shadow',
  {
    taskId: NAME,
    /** Of the shadow. */
    version: NAME,
  },
  {
    /** `queueMs` counts from `sentAt`. Absent, as is `prediction`, if the shadow failed. */
    timings: TASK_TIMINGS,
    prediction: VALUES,
  },
);
/** The answer to a shadow job. The gateway that accepted the task decodes it. */
export type ShadowAnswer = Passing<typeof SHADOW_ANSWER>;

export const GATEWAY_COMPARISONS = object('the figures of a gateway', {
  home: NAME,
  /** The `since` of the shadow that it belongs to. */
  since: INSTANT,
  comparisons: listOf('a list of figures', COMPARISON_SUMS, { maxItems: LONGEST_LIST }),
});
/** The comparisons of one gateway for the shadows of a model. */
export type GatewayComparisons = Passing<typeof GATEWAY_COMPARISONS>;

// Each throws as every decoder does, see `decoderOf`.
export const decodeShadowJob = decoderOf(SHADOW_JOB);
export const decodeShadowAnswer = decoderOf(SHADOW_ANSWER);
export const decodeGatewayComparisons = decoderOf(GATEWAY_COMPARISONS);
