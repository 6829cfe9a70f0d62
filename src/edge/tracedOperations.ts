/**
 * Operations, followed by tracing. It stands in the place of `Operations` only if traces are exported, so it costs
 * nothing otherwise.
 */
import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql';
import type { RequestTrace } from '../contract/trace.ts';
import type { ChosenOperation, Operations } from './operations.ts';
import { codeOf } from './requestRules.ts';

/** The part of `Operations` that the transports use. */
export type RunningOperations = Pick<Operations, 'read' | 'choose' | 'execute' | 'subscribe'>;

/** What tracing is told of an operation that is over. */
export interface EndedOperation extends Pick<ChosenOperation, 'kind' | 'name' | 'field'> {
  /** The code of its first error. */
  readonly errorCode: string | undefined;
}

/** An operation that is recorded. */
export interface RecordedOperation {
  readonly trace: RequestTrace;
  /** Called once. */
  end(operation: EndedOperation): void;
}

export interface OperationTracing {
  /** Whether the trace that a client has given counts. Otherwise the operation is one without a trace. */
  admits(traceparent: string): boolean;
  /**
   * An operation begins.
   *
   * @param traceparent of the client, if it has given one.
   * @returns undefined if the operation is not recorded.
   */
  begin(traceparent: string | undefined): RecordedOperation | undefined;
}

/** The context of an operation, as far as tracing changes it. */
interface TracedContext {
  trace: RequestTrace | undefined;
}

type End = (errors: ExecutionResult['errors']) => void;

export class TracedOperations implements RunningOperations {
  readonly #operations: RunningOperations;
  readonly #tracing: OperationTracing;

  constructor(operations: RunningOperations, tracing: OperationTracing) {
    this.#operations = operations;
    this.#tracing = tracing;
  }

  read(text: string): ReturnType<RunningOperations['read']> {
    return this.#operations.read(text);
  }

  choose(...which: Parameters<RunningOperations['choose']>): ChosenOperation {
    return this.#operations.choose(...which);
  }

  execute(args: ExecutionArgs): ReturnType<RunningOperations['execute']> {
    const end = this.#begin(args);
    const outcome = this.#operations.execute(args);
    if (end === undefined) return outcome;
    if ('then' in outcome)
      void outcome.then(
        ({ errors }) => end(errors),
        (error) => end([error]),
      );
    else end(outcome.errors);
    return outcome;
  }

  /** A subscription lasts until it has no more events, or its client leaves. */
  subscribe(args: ExecutionArgs): ReturnType<RunningOperations['subscribe']> {
    const end = this.#begin(args);
    return end === undefined ? this.#operations.subscribe(args) : this.#subscribe(args, end);
  }

  async #subscribe(args: ExecutionArgs, end: End): ReturnType<RunningOperations['subscribe']> {
    try {
      const events = await this.#operations.subscribe(args);
      if (Symbol.asyncIterator in events) return untilOver(events, end);
      end(events.errors);
      return events;
    } catch (error) {
      end([error as GraphQLError]);
      throw error;
    }
  }

  /** @returns undefined if the operation is not recorded. */
  #begin({ contextValue, document, operationName }: ExecutionArgs): End | undefined {
    const context = contextValue as TracedContext;
    if (context.trace && !this.#tracing.admits(context.trace.traceparent)) context.trace = undefined;
    const recorded = this.#tracing.begin(context.trace?.traceparent);
    if (recorded === undefined) return undefined;
    context.trace = recorded.trace;
    return (errors) => {
      const { kind, name, field } = this.#operations.choose(document, operationName);
      const [error] = errors ?? [];
      const errorCode = error && codeOf(error);
      recorded.end({ kind, name, field, errorCode });
    };
  }
}

function untilOver(
  events: AsyncIterableIterator<ExecutionResult>,
  end: End,
): AsyncIterableIterator<ExecutionResult> {
  let isOver = false;
  const over = (errors?: ExecutionResult['errors']) => {
    if (!isOver) end(errors);
    isOver = true;
  };
  return {
    async next() {
      try {
        const next = await events.next();
        if (next.done) over();
        return next;
      } catch (error) {
        over([error as GraphQLError]);
        throw error;
      }
    },
    async return() {
      over();
      return (await events.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
