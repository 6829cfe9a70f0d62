/**
 * Operations by their texts, for every transport: each is read and checked once, and one that comes again and again is
 * compiled, since a function made for it costs a fifth of what interpreting it costs. Compiling takes milliseconds:
 * what comes rarely is interpreted.
 */
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  executeSubscriptionEvent,
  type GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  Kind,
  specifiedRules,
  type TypeNode,
  validate,
  validateSubscriptionArgs,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { costRule, parseOperation, type RequestLimits } from './requestRules.ts';

/** Few: each may be of the longest size. */
const KEPT_OPERATIONS = 200;
/** Somebody who makes up operation after operation shall not have each of them compiled. */
const COMPILE_AT_USE = 20;

export interface Operation {
  readonly document: DocumentNode;
  /** Why it must not be run. */
  readonly errors: readonly GraphQLError[];
}

interface KeptOperation extends Operation {
  uses: number;
  compiled: CompiledQuery | 'not yet' | 'never';
}

type Answer = ExecutionResult | Promise<ExecutionResult>;

export class Operations {
  readonly #schema: GraphQLSchema;
  readonly #limits: RequestLimits;
  readonly #byText = new LRUCache<string, KeptOperation>({ max: KEPT_OPERATIONS });
  readonly #byDocument = new WeakMap<DocumentNode, KeptOperation>();

  constructor(schema: GraphQLSchema, limits: RequestLimits) {
    this.#schema = schema;
    this.#limits = limits;
  }

  /** @throws {GraphQLError} if the text is no operation, or too long. */
  read(text: string): Operation {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const document = parseOperation(text, this.#limits);
    const errors = validate(this.#schema, document, [...specifiedRules, costRule(this.#limits)]);
    const operation: KeptOperation = { document, errors, uses: 0, compiled: 'not yet' };
    this.#byText.set(text, operation);
    this.#byDocument.set(document, operation);
    return operation;
  }

  /** @param args with a document that was read here. */
  execute(args: ExecutionArgs): Answer {
    const compiled = this.#compiledOf(args);
    return compiled === undefined ? execute(args) : run(compiled, args);
  }

  /**
   * @param args with a document that was read here.
   * @returns the events; or why there are none.
   */
  async subscribe(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const checked = validateSubscriptionArgs(args);
    if (!('operation' in checked)) return { errors: checked };
    const events = await createSourceEventStream(checked);
    if (!isAsyncIterable(events)) return events;
    const compiled = this.#compiledOf(args);
    return mapEvents(events, (rootValue) =>
      compiled === undefined
        ? executeSubscriptionEvent({ ...checked, rootValue })
        : run(compiled, { ...args, rootValue }),
    );
  }

  /** @returns undefined for what was not read here. */
  errorsOf(document: DocumentNode): readonly GraphQLError[] | undefined {
    return this.#byDocument.get(document)?.errors;
  }

  #compiledOf(args: ExecutionArgs): CompiledQuery | undefined {
    const operation = this.#byDocument.get(args.document);
    if (operation === undefined) return undefined;
    operation.uses++;
    if (operation.compiled === 'not yet' && operation.uses >= COMPILE_AT_USE)
      operation.compiled = compile(args) ?? 'never';
    return typeof operation.compiled === 'object' ? operation.compiled : undefined;
  }
}

/** Has Yoga, over HTTP, read and run operations here. */
export function useOperations(operations: Operations): Plugin {
  return {
    onParse: ({ setParseFn }) => setParseFn((text: string) => operations.read(text).document),
    onValidate({ params, setResult }) {
      const errors = operations.errorsOf(params.documentAST);
      if (errors !== undefined) setResult([...errors]);
    },
    onExecute: ({ setExecuteFn }) => setExecuteFn((args: ExecutionArgs) => operations.execute(args)),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn((args: ExecutionArgs) => operations.subscribe(args)),
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

/** Variables that were not taken are refused by the interpreter, in words that clients know: nothing was run then. */
function run(compiled: CompiledQuery, args: ExecutionArgs): Answer {
  const { rootValue, contextValue, variableValues } = args;
  const answer = compiled.query(rootValue, contextValue, variableValues);
  if ('then' in answer) return answer;
  return 'data' in answer ? answer : execute(args);
}

/** The library's own subscriptions give a field the variables in place of its arguments. */
function mapEvents<T, R>(
  events: AsyncIterable<T>,
  map: (event: T) => R | Promise<R>,
): AsyncIterableIterator<R> {
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
