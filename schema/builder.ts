/** The Pothos builder and what resolvers are given. Defines no types of its own but the scalars. */
import SchemaBuilder from '@pothos/core';
import type { Owner } from '../src/contract/task.ts';
import type { Actuals } from '../src/evaluation/actuals.ts';
import type { RolloutComparisons } from '../src/evaluation/rolloutComparisons.ts';
import type { Model } from '../src/models/models.ts';
import type { Offering } from '../src/rollout/offering.ts';
import type { LiveWorkers } from '../src/rollout/presence.ts';
import type { RolloutService } from '../src/rollout/rolloutService.ts';
import type { DeadLetterRedrives } from '../src/tasks/deadLetterRedrives.ts';
import type { DeadLetters } from '../src/tasks/deadLetters.ts';
import type { Submissions } from '../src/tasks/submissions.ts';
import type { Tasks } from '../src/tasks/tasks.ts';

/** All that resolvers may touch. */
export interface Context {
  readonly submissions: Pick<Submissions, 'submit' | 'submitRowBatch'>;
  readonly tasks: Pick<Tasks, 'page' | 'cancel' | 'find' | 'result' | 'updates'>;
  readonly deadLetters: Pick<DeadLetters, 'page' | 'watch' | 'discard'>;
  readonly redrives: Pick<DeadLetterRedrives, 'redrive' | 'redriveAll'>;
  readonly rollouts: Pick<RolloutService, 'set' | 'shares' | 'shadowWeights'>;
  readonly comparisons: Pick<RolloutComparisons, 'comparison' | 'watch'>;
  readonly actuals: Pick<Actuals, 'report' | 'liveErrors'>;
  readonly models: readonly Model[];
  readonly offering: Pick<Offering, 'versions'>;
  readonly workers: Pick<LiveWorkers, 'list'>;
  readonly broker: { readonly connected: boolean };
  readonly apiVersion: string;
  /** Who asks: only tasks of this owner are found. */
  readonly owner: Owner;
  /** Rejects with a RequestError such as `FORBIDDEN`, unless an operator asks. */
  readonly requireOperator: () => Promise<void>;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
  /** Aborted when the client has left, or completed the operation. */
  readonly gone: AbortSignal | undefined;
}

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<{
    Context: Context;
    DefaultFieldNullability: false;
    Scalars: {
      /** Milliseconds since the epoch inside. */
      DateTime: { Input: never; Output: number };
      /** As it was given: only the input that it belongs to knows the time zone. */
      LocalDateTime: { Input: string; Output: never };
      ID: { Input: string; Output: string };
    };
  }>({ plugins: [], defaultFieldNullability: false });
  builder.scalarType('DateTime', {
    description: 'An instant: RFC 3339, UTC, milliseconds, on the clock of the broker.',
    serialize: (ms) => new Date(ms).toISOString(),
    parseValue: () => {
      throw new TypeError('DateTime is not used as an input');
    },
  });
  return builder;
}

/** Called only if a model takes one: a schema has no type that cannot be used. */
export function defineLocalDateTime(builder: Builder): void {
  builder.scalarType('LocalDateTime', {
    description:
      'A reading of the clock in the time zone that the input names, written as in RFC 3339, seconds and offset optional: without an offset, such as `2021-02-03T14:30:00`, it is that reading; with one, such as `2021-02-03T14:30:00-05:00` or `2021-02-03T19:30:00Z`, it is an instant, converted to the time zone. Fractions of a second are cut off. `now` is the moment of submission, on the clock of the broker.',
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
