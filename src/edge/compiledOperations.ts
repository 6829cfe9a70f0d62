/**
 * Operations that come again and again are compiled: a function made for one operation costs a fifth of what
 * interpreting it costs. What comes rarely is interpreted, since compiling takes milliseconds.
 */
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLInputObjectType,
  getNamedType,
  isInputObjectType,
  Kind,
  type TypeNode,
  validateSubscriptionArgs,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

/** Somebody who makes up operation after operation shall not have each of them compiled. */
const COMPILE_AT_USE = 20;

interface Operation {
  uses: number;
  compiled: CompiledQuery | 'not yet' | 'never';
}

/** Relies on the cache of parsed operations: the same text is the same document. */
export function useCompiledOperations(): Plugin {
  const operations = new WeakMap<DocumentNode, Operation>();

  const compiledOf = (args: ExecutionArgs): CompiledQuery | undefined => {
    const { document } = args;
    const operation = operations.get(document) ?? { uses: 0, compiled: 'not yet' };
    if (operation.uses === 0) operations.set(document, operation);
    operation.uses++;
    if (operation.compiled === 'not yet' && operation.uses >= COMPILE_AT_USE)
      operation.compiled = compile(args) ?? 'never';
    return typeof operation.compiled === 'object' ? operation.compiled : undefined;
  };

  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const compiled = compiledOf(args);
      if (compiled === undefined) return;
      setExecuteFn(async (args: ExecutionArgs) => {
        const result = await run(compiled, args);
        // Variables that were not taken are refused by the interpreter, in words that clients know.
        return 'data' in result ? result : executeFn(args);
      });
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const compiled = compiledOf(args);
      if (compiled === undefined) return;
      setSubscribeFn(async (args: ExecutionArgs) => {
        const checked = validateSubscriptionArgs(args);
        if (!('operation' in checked)) return subscribeFn(args);
        const events = await createSourceEventStream(checked);
        if (!isAsyncIterable(events)) return events;
        return mapEvents(events, (rootValue) => run(compiled, { ...args, rootValue }));
      });
    },
  };
}

/** @returns nothing for what cannot be compiled, or has several operations: which is meant comes with each request. */
function compile({ schema, document }: ExecutionArgs): CompiledQuery | undefined {
  const [operation, ...others] = document.definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation === undefined || others.length > 0) return undefined;
  // The library takes any members for a `@oneOf` input.
  const types = (operation.variableDefinitions ?? []).map(({ type }) => schema.getType(nameOf(type)));
  if (types.some((type) => isInputObjectType(type) && hasOneOf(type, new Set()))) return undefined;
  const compiled = compileQuery(schema, document);
  return isCompiledQuery(compiled) ? compiled : undefined;
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

/** Whether an input, or one within it, is a `@oneOf`. @param seen looked at already: inputs may hold each other. */
function hasOneOf(type: GraphQLInputObjectType, seen: Set<GraphQLInputObjectType>): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (type.isOneOf) return true;
  const inner = Object.values(type.getFields()).map((field) => getNamedType(field.type));
  return inner.some((field) => isInputObjectType(field) && hasOneOf(field, seen));
}

/** @returns a result without `data` if the variables were not taken: nothing was run then. */
async function run(
  { query }: CompiledQuery,
  { rootValue, contextValue, variableValues }: ExecutionArgs,
): Promise<ExecutionResult> {
  return query(rootValue, contextValue, variableValues);
}

/** The library's own subscriptions give a field the variables in place of its arguments. */
function mapEvents<T, R>(events: AsyncIterable<T>, map: (event: T) => Promise<R>): AsyncIterableIterator<R> {
  const source = events[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await source.next();
      return done ? { done, value: undefined } : { done: false, value: await map(value) };
    },
    // Not behind a `next` that waits: who leaves is forgotten at once.
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
