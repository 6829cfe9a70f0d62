/** The Pothos builder and what resolvers are given. Defines no types of its own but the scalar. */
import SchemaBuilder from '@pothos/core';
import type { DeadLetters } from '../src/deadLetters.ts';
import type { Model } from '../src/models.ts';
import type { LiveWorkers } from '../src/presence.ts';
import type { TaskService } from '../src/tasks.ts';

/** All that resolvers may touch. */
export interface Context {
  readonly tasks: Pick<TaskService, 'submit' | 'cancel' | 'find' | 'result' | 'updates'>;
  readonly deadLetters: Pick<DeadLetters, 'page' | 'watch' | 'redrive' | 'redriveAll' | 'discard'>;
  readonly models: readonly Model[];
  readonly workers: Pick<LiveWorkers, 'list'>;
  readonly broker: { readonly connected: boolean };
  readonly apiVersion: string;
  /** Whose tasks these are. */
  readonly owner: string;
  /** Throws a RequestError `FORBIDDEN` unless an operator asks. */
  readonly requireOperator: () => void;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
}

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder() {
  const builder = new SchemaBuilder<{
    Context: Context;
    DefaultFieldNullability: false;
    /** Milliseconds since the epoch inside. */
    Scalars: { DateTime: { Input: never; Output: number }; ID: { Input: string; Output: string } };
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
