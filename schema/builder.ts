/** The Pothos builder and what resolvers are given. Defines no types of its own but the scalar. */
import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import { RequestError, RequestErrorCode } from '../src/errors.ts';
import type { Model } from '../src/models.ts';
import type { LiveWorkers } from '../src/presence.ts';
import type { TaskService } from '../src/tasks.ts';

/** All that resolvers may touch. */
export interface Context {
  readonly tasks: Pick<TaskService, 'submit' | 'find' | 'result' | 'updates'>;
  readonly models: readonly Model[];
  readonly workers: Pick<LiveWorkers, 'list'>;
  readonly broker: { readonly connected: boolean };
  readonly apiVersion: string;
  /** Whose tasks these are. */
  readonly owner: string;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
}

/** A list counts its fields so often: lists here are short (models, versions, workers). */
const LIST_MULTIPLIER = 3;

export type Builder = ReturnType<typeof createBuilder>;

export function createBuilder(maxComplexity: number) {
  const builder = new SchemaBuilder<{
    Context: Context;
    DefaultFieldNullability: false;
    /** Milliseconds since the epoch inside. */
    Scalars: { DateTime: { Input: never; Output: number }; ID: { Input: string; Output: string } };
  }>({
    plugins: [ComplexityPlugin],
    defaultFieldNullability: false,
    complexity: {
      limit: { complexity: maxComplexity },
      defaultListMultiplier: LIST_MULTIPLIER,
      complexityError: (_kind, { complexity }) =>
        new RequestError(
          RequestErrorCode.QueryTooComplex,
          `An operation may have a complexity of ${maxComplexity} points at most, got ${complexity}: ask for less at once.`,
          { details: { limit: maxComplexity, value: complexity } },
        ),
    },
  });
  builder.scalarType('DateTime', {
    description: 'An instant: RFC 3339, UTC, milliseconds, on the clock of the broker.',
    serialize: (ms) => new Date(ms).toISOString(),
    parseValue: () => {
      throw new TypeError('DateTime is not used as an input');
    },
  });
  return builder;
}
