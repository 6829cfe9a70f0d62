/** Makes the Pothos builder, with the scalars. Also declares the context of the resolvers. */
import SchemaBuilder from '@pothos/core';
import type { Audit } from '../src/audit/audit.ts';
import type { Owner } from '../src/contract/owner.ts';
import type { Principal, Readable } from '../src/contract/principal.ts';
import type { RequestTrace } from '../src/contract/trace.ts';
import type { Actuals } from '../src/evaluation/actuals.ts';
import type { RolloutComparisons } from '../src/evaluation/rolloutComparisons.ts';
import type { Model } from '../src/models/models.ts';
import type { RegistryService } from '../src/registry/registryService.ts';
import type { Offering } from '../src/rollout/offering.ts';
import type { LiveWorkers } from '../src/rollout/presence.ts';
import type { RolloutService } from '../src/rollout/rolloutService.ts';
import type { Pauses } from '../src/system/pauses.ts';
import type { Places } from '../src/system/places.ts';
import type { Queues } from '../src/system/queues.ts';
import type { SystemStats } from '../src/system/systemStats.ts';
import type { DeadLetterRedrives } from '../src/tasks/deadLetterRedrives.ts';
import type { DeadLetters } from '../src/tasks/deadLetters.ts';
import type { ListWatches } from '../src/tasks/listWatches.ts';
import type { TaskUpdate } from '../src/tasks/manyTasksWatch.ts';
import type { OwnerBlobs } from '../src/tasks/ownerBlobs.ts';
import type { OwnerQuotas } from '../src/tasks/ownerQuotas.ts';
import type { Retries } from '../src/tasks/retries.ts';
import type { Submissions } from '../src/tasks/submissions.ts';
import type { TaskList } from '../src/tasks/taskList.ts';
import type { AllTasks } from '../src/workflow/allTasks.ts';
import type { GatewayDatasets } from '../src/workflow/datasets.ts';
import type { GatewayWork } from '../src/workflow/gatewayWork.ts';
import type { WholeNumber } from './bigInt.ts';

/** What a gateway asks of files and versions that operators bring. */
export interface UploadRules {
  readonly artifactMaxBytes: number;
  readonly mustBeSigned: boolean;
}

/** All that resolvers may use. */
export interface Context {
  readonly submissions: Pick<Submissions, 'submit' | 'submitRowBatch'>;
  readonly tasks: Pick<AllTasks, 'page' | 'partial' | 'cancel' | 'find' | 'result' | 'updates'>;
  /** Whether what happened to tasks is shown. */
  readonly taskHistory: boolean;
  /** @returns the id of the trace of a task's job, if it is recorded. */
  readonly recordedTraceId: (traceparent: string) => string | undefined;
  /** Where a trace can be looked at, with `{traceId}` for its id. */
  readonly traceUrl: string | undefined;
  readonly work: Pick<GatewayWork, 'submissions' | 'retries' | 'trainings' | 'logs'>;
  readonly taskList: Pick<TaskList, 'page'>;
  readonly blobs: Pick<OwnerBlobs, 'open'>;
  readonly listWatches: {
    readonly [K in 'watchIds' | 'watchFilter']: (
      ...asked: Parameters<ListWatches[K]>
    ) => Promise<AsyncIterableIterator<TaskUpdate>>;
  };
  /** How long results are kept, in milliseconds. */
  readonly resultTtlMs: number;
  readonly deadLetters: Pick<DeadLetters, 'page' | 'watch' | 'discard'>;
  readonly redrives: Pick<DeadLetterRedrives, 'redrive' | 'redriveAll'>;
  readonly retries: Pick<Retries, 'retry'>;
  readonly rollouts: Pick<RolloutService, 'set' | 'present' | 'shares' | 'shadowWeights'>;
  readonly registry: Pick<RegistryService, 'register' | 'retire' | 'formerlyLive'>;
  readonly uploadRules: UploadRules;
  readonly audit: Pick<Audit, 'act' | 'admit' | 'page'>;
  readonly comparisons: Pick<RolloutComparisons, 'comparison' | 'watch'>;
  readonly actuals: Pick<Actuals, 'report' | 'liveErrors'>;
  readonly datasets: Pick<GatewayDatasets, 'page' | 'find' | 'ask'>;
  readonly quotas: Pick<OwnerQuotas, 'report'>;
  readonly models: readonly Model[];
  readonly offering: Pick<Offering, 'versions' | 'answering'>;
  readonly workers: Pick<LiveWorkers, 'list'>;
  readonly queues: Pick<Queues, 'list'>;
  readonly places: Pick<Places, 'position' | 'estimatedStart'>;
  readonly pauses: Pick<Pauses, 'isPaused' | 'set'>;
  readonly system: Pick<SystemStats, 'present' | 'watch'>;
  readonly broker: { readonly connected: boolean };
  readonly apiVersion: string;
  readonly principal: Principal;
  /** The client's owner. Submitted tasks get it. */
  readonly owner: Owner;
  /** The id of the client's API key, if it has quotas of its own. */
  readonly limitedKey?: string | undefined;
  /** The owners whose tasks are found. */
  readonly readable: Readable;
  /** The address of the client. */
  readonly address: string | undefined;
  /** Which other role the client has, and what to do to be an operator; undefined if it is one. */
  readonly whyNoOperator: () => Promise<string | undefined>;
  /** Undefined if the request has none. */
  readonly trace: RequestTrace | undefined;
  /** Aborted when the client has left or has completed the operation. */
  readonly gone: AbortSignal | undefined;
}

export type Builder = ReturnType<typeof createBuilder>;

const RFC_3339 = 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6';

/** Why a field is deprecated. docs/schema.md has the rules, and a test compares it with the schema. */
export function replacedBy(...fields: readonly string[]): string {
  return `Use ${fields.map((field) => `\`${field}\``).join(' or ')}. It is removed in 0.3.`;
}

/** An instant in RFC 3339. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

export function createBuilder() {
  const builder = new SchemaBuilder<{
    Context: Context;
    DefaultFieldNullability: false;
    Scalars: {
      /** In resolvers, milliseconds since 1970. */
      DateTime: { Input: number; Output: number };
      /** In resolvers, the text of the client: only the input that it belongs to knows the time zone. */
      LocalDateTime: { Input: string; Output: never };
      BigInt: { Input: WholeNumber; Output: WholeNumber };
      ID: { Input: string; Output: string };
    };
  }>({ plugins: [], defaultFieldNullability: false });
  builder.scalarType('DateTime', {
    description:
      'An instant in RFC 3339, in UTC and with milliseconds, by the clock of the broker. As an input, with any offset, such as `2021-02-03T14:30:00-05:00`.',
    specifiedByURL: RFC_3339,
    serialize: (ms) => new Date(ms).toISOString(),
    parseValue: (value) => {
      const ms = typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
      if (!Number.isNaN(ms)) return ms;
      throw new TypeError(
        `DateTime must be an instant such as "2021-02-03T19:30:00Z", got ${JSON.stringify(value)?.slice(0, 40)}`,
      );
    },
  });
  return builder;
}

/** Called only if a model has such an input: a schema has no types that cannot be used. */
export function defineLocalDateTime(builder: Builder): void {
  builder.scalarType('LocalDateTime', {
    description:
      'A local time in the time zone that the input names, written as in RFC 3339. Seconds and offset are optional. Without an offset, such as `2021-02-03T14:30:00`, it is the reading of a clock there. With an offset, such as `2021-02-03T14:30:00-05:00` or `2021-02-03T19:30:00Z`, it is an instant, which is converted to the time zone. Fractions of a second are cut off. `now` is the moment of submission, by the clock of the broker.',
    specifiedByURL: RFC_3339,
    serialize: () => {
      throw new TypeError('LocalDateTime is not used as an output');
    },
    parseValue: (value) => {
      if (typeof value === 'string') return value;
      throw new TypeError(
        `LocalDateTime must be a text such as "2021-02-03T14:30:00", or "now", got ${JSON.stringify(value)?.slice(0, 40)}`,
      );
    },
  });
}
