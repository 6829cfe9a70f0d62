/**
 * Operations by their texts, for every transport. Each is parsed and checked once. An operation that comes again and
 * again is compiled, because running a compiled one costs a fifth of interpreting it. Compiling takes milliseconds, so
 * rare ones are interpreted.
 *
 * Only valid operations are kept, as many as fit into `KEPT_BYTES`. A refused one is checked again each time, which is
 * cheap. If it were kept, its errors would keep their stack frames alive, and everything that these refer to.
 */
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  executeSubscriptionEvent,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  type OperationTypeNode,
  specifiedRules,
  type Token,
  validate,
  validateSubscriptionArgs,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { RequestErrorCode } from '../contract/errors.ts';
import { type CompiledOperation, compile } from './compiling.ts';
import { InputChecks } from './inputChecks.ts';
import { type OperationLimits, OperationWalk } from './operationLimits.ts';
import { parseOperation, withCode } from './requestRules.ts';
import { areSmall, variableFaults } from './variableFaults.ts';

/** The most bytes of all kept operations, by the estimate of `sizeOf`. */
const KEPT_BYTES = 32 * 1024 * 1024;
/**
 * Runs before an operation is compiled, so that a client that makes up operations does not get each of them compiled.
 */
const COMPILE_AT_USE = 20;
/** Bytes of the shortest operation, without its text and its tokens. Measured: 3,000. */
const BYTES_PER_OPERATION = 4_000;
/** Bytes of a token in a parsed document. Measured: 180 to 470. */
const BYTES_PER_TOKEN = 600;
/** The most errors of one operation. Each may quote most of it. */
const MAX_ERRORS = 3;
/** Left out because our schemas have neither `@defer` nor `@stream`: another rule refuses them as unknown. */
const RULES = specifiedRules.filter(({ name }) => !/^(Defer)?StreamDirective/.test(name));

type Variables = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly document: DocumentNode;
  /** Why it must not be run. */
  readonly errors: readonly GraphQLError[];
}

/** The one operation of a text that a request asks for. */
export interface ChosenOperation {
  readonly kind: OperationTypeNode;
  /** Its complexity. */
  readonly points: number;
  readonly name: string | undefined;
  /** The name of its first field of the root; undefined if a fragment is first. */
  readonly field: string | undefined;
  /** Whether it asks for one field of the root: an error of that field is one of the whole operation. */
  readonly hasOneField: boolean;
  /** The names of its variables. */
  readonly declared: ReadonlySet<string>;
}

interface KeptOperation extends Operation {
  readonly text: string;
  /** By their names; one without a name is there as `undefined`. */
  readonly chosen: ReadonlyMap<string | undefined, ChosenOperation>;
  uses: number;
  compiled: CompiledOperation | 'not yet' | 'never';
}

type Outcome = ExecutionResult | Promise<ExecutionResult>;
type Unlinked<T> = { -readonly [K in keyof T]: T[K] };

export interface OperationOptions extends OperationLimits {
  /** Whether clients may ask for the schema. */
  readonly introspection?: boolean;
}

export class Operations {
  readonly #schema: GraphQLSchema;
  readonly #limits: OperationLimits;
  /** Whether errors keep the names of the schema to themselves. */
  readonly #hideSuggestions: boolean;
  readonly #byText = new LRUCache<string, KeptOperation>({ maxSize: KEPT_BYTES, sizeCalculation: sizeOf });
  readonly #checks = new InputChecks();
  readonly #byDocument = new WeakMap<DocumentNode, KeptOperation>();

  constructor(schema: GraphQLSchema, { introspection = true, ...limits }: OperationOptions) {
    this.#schema = schema;
    this.#limits = limits;
    this.#hideSuggestions = !introspection;
  }

  /** The estimated bytes of all kept operations. */
  get keptBytes(): number {
    return this.#byText.calculatedSize;
  }

  /** @throws {GraphQLError} if the text is no operation, or too long. */
  read(text: string): Operation {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const document = parseOperation(text, this.#limits);
    const walk = new OperationWalk(this.#schema, document, this.#limits);
    const errors = this.#errorsOf(document, walk);
    if (errors.length > 0) return { document, errors };
    dropTokens(document);
    const chosen = operationsIn(document, walk);
    const operation: KeptOperation = { text, document, errors, chosen, uses: 0, compiled: 'not yet' };
    this.#byText.set(text, operation);
    this.#byDocument.set(document, operation);
    return operation;
  }

  /**
   * @param document that was parsed here and is valid.
   * @throws {GraphQLError} `BAD_REQUEST` unless the name is that of an operation, or there is one only and no name.
   */
  choose(document: DocumentNode, operationName: string | null | undefined): ChosenOperation {
    const all =
      this.#byDocument.get(document)?.chosen ??
      operationsIn(document, new OperationWalk(this.#schema, document, this.#limits));
    const [first, ...others] = all.values();
    const chosen = operationName == null ? others.length === 0 && first : all.get(operationName);
    if (!chosen) throw notChosen([...all.keys()], operationName);
    return chosen;
  }

  /** @param args with a document that was parsed here. */
  execute(args: ExecutionArgs): Outcome {
    const faults = this.#faultsOf(args);
    if (faults.length > 0) return { errors: faults };
    const compiled = this.#compiledOf(args);
    const answer = compiled === undefined ? this.#interpret(args) : this.#run(compiled, args);
    if ('then' in answer || 'data' in answer) this.#countUse(args);
    return answer;
  }

  /**
   * @param args with a document that was parsed here.
   * @returns the events, or the errors.
   */
  async subscribe(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const faults = this.#faultsOf(args);
    if (faults.length > 0) return { errors: faults };
    const checked = validateSubscriptionArgs({ ...args, hideSuggestions: this.#hideSuggestions });
    if (!('operation' in checked)) return { errors: checked };
    const events = await createSourceEventStream(checked);
    if (!(Symbol.asyncIterator in events)) return events;
    this.#countUse(args);
    const compiled = this.#compiledOf(args);
    return mapEvents(events, (rootValue) =>
      compiled === undefined
        ? executeSubscriptionEvent({ ...checked, rootValue })
        : this.#run(compiled, { ...args, rootValue }),
    );
  }

  /** Wrong variables are refused by the interpreter, with the messages that clients know. Nothing was run before. */
  #run(compiled: CompiledOperation, args: ExecutionArgs): Outcome {
    if (compiled.takesOneOf && this.#hasSmallFaults(args)) return this.#interpret(args);
    const { rootValue, contextValue, variableValues } = args;
    const answer = compiled.query(rootValue, contextValue, variableValues);
    if ('then' in answer) return answer;
    return 'data' in answer ? answer : this.#interpret(args);
  }

  #interpret(args: ExecutionArgs): Outcome {
    return execute({ ...args, hideSuggestions: this.#hideSuggestions });
  }

  #errorsOf(document: DocumentNode, walk: OperationWalk): readonly GraphQLError[] {
    const problem = walk.problem();
    if (problem !== undefined) return [problem];
    const hideSuggestions = this.#hideSuggestions;
    const rules = hideSuggestions ? [...RULES, NoSchemaIntrospectionCustomRule] : RULES;
    const errors = validate(this.#schema, document, rules, { maxErrors: MAX_ERRORS, hideSuggestions });
    return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
  }

  /** The faults of variables that are too large for graphql's own check. */
  #faultsOf({ schema, document, operationName, variableValues }: ExecutionArgs): readonly GraphQLError[] {
    if (!variableValues || areSmall(variableValues)) return [];
    const operation = getOperationAST(document, operationName);
    return operation ? variableFaults({ schema, checks: this.#checks }, operation, variableValues) : [];
  }

  /** Whether variables that are left to graphql's own check have a fault. Those of large ones are known. */
  #hasSmallFaults({ schema, document, variableValues }: ExecutionArgs): boolean {
    if (!areSmall(variableValues)) return false;
    const operation = getOperationAST(document);
    const faults =
      operation && variableFaults({ schema, checks: this.#checks }, operation, variableValues ?? {});
    return faults?.length !== 0;
  }

  /** Counts a run. Refused requests do not count, because they cost little. */
  #countUse({ document }: ExecutionArgs): void {
    const operation = this.#byDocument.get(document);
    if (operation !== undefined) operation.uses++;
  }

  #compiledOf({ document }: ExecutionArgs): CompiledOperation | undefined {
    const operation = this.#byDocument.get(document);
    if (operation === undefined) return undefined;
    if (operation.compiled === 'not yet' && operation.uses >= COMPILE_AT_USE) {
      operation.compiled = compile(this.#schema, document) ?? 'never';
      // It is larger now. The cache notices that only if it is added again. An operation that was evicted meanwhile
      // stays out.
      if (this.#byText.delete(operation.text)) this.#byText.set(operation.text, operation);
    }
    return typeof operation.compiled === 'object' ? operation.compiled : undefined;
  }
}

/** Drops variables that the operation does not declare. No code reads them, and they may be as large as a request. */
export function declaredOnly(
  { declared }: ChosenOperation,
  variables: Variables | null | undefined,
): Variables {
  const entries = Object.entries(variables ?? {});
  const kept = entries.filter(([name]) => declared.has(name));
  return variables && kept.length === entries.length ? variables : Object.fromEntries(kept);
}

function sizeOf({ text, document: { tokenCount = 0 }, compiled }: KeptOperation): number {
  const compiledBytes = typeof compiled === 'object' ? compiled.bytes : 0;
  return BYTES_PER_OPERATION + text.length * 2 + tokenCount * BYTES_PER_TOKEN + compiledBytes;
}

/**
 * Unlinks the tokens of a document. Otherwise the nodes would keep all of them alive, also comments, which have no
 * limit of their own. Locations in errors need only the tokens at which a node begins or ends.
 */
function dropTokens({ loc }: DocumentNode): void {
  let token: Unlinked<Token> | null = loc?.startToken ?? null;
  while (token !== null) {
    const { next }: Token = token;
    token.prev = null;
    token.next = null;
    token = next;
  }
}

function operationsIn(
  { definitions }: DocumentNode,
  walk: OperationWalk,
): ReadonlyMap<string | undefined, ChosenOperation> {
  return new Map(
    definitions
      .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
      .map((operation) => [operation.name?.value, chosenOf(operation, walk)]),
  );
}

function chosenOf(node: OperationDefinitionNode, walk: OperationWalk): ChosenOperation {
  const { operation, variableDefinitions = [], selectionSet } = node;
  const [first, ...others] = selectionSet.selections;
  return {
    kind: operation,
    points: walk.pointsOf(node),
    name: node.name?.value,
    field: first?.kind === Kind.FIELD ? first.name.value : undefined,
    hasOneField: first?.kind === Kind.FIELD && others.length === 0,
    declared: new Set(variableDefinitions.map(({ variable }) => variable.name.value)),
  };
}

function notChosen(
  names: readonly (string | undefined)[],
  operationName: string | null | undefined,
): GraphQLError {
  const got = operationName == null ? 'none' : JSON.stringify(operationName).slice(0, 100);
  const known = names.slice(0, 10).map((name) => name ?? '(one without a name)');
  return new GraphQLError(
    `operationName must be the name of an operation of the query (${known.join(', ').slice(0, 500)}), got ${got}.`,
    { extensions: { code: RequestErrorCode.BadRequest, http: { status: 400 } } },
  );
}

/**
 * The library's own subscriptions pass a field the variables instead of its arguments, so this subscribes without it.
 */
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
    // Not queued behind a waiting `next`: a client that leaves is forgotten at once.
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
