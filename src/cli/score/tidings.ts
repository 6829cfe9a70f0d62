/**
 * Calls a running Tidings as a client: asks for the inputs and outputs of a model, and for predictions of many rows. It
 * asks for fields that 0.2 has, too, although some of them are deprecated: the gateway may be one of 0.2.
 */
import { randomUUID } from 'node:crypto';
import { RequestErrorCode } from '../../contract/errors.ts';
import { Gateway, type GatewayOptions, Refused } from '../gateway.ts';

/** A model, as the query `models` describes it. */
export interface ModelView {
  readonly name: string;
  readonly batchMutation: string;
  readonly inputType: string;
  readonly columnsType: string;
  readonly inputs: readonly FieldView[];
  readonly outputs: readonly FieldView[];
  /** Oldest first. */
  readonly versions: readonly VersionView[];
  /** Null if none is set. The newest served version answers then. */
  readonly rollout: readonly ShareView[] | null;
  /** The columns of training data that the manifest names. Null if it has no training; an older gateway does not tell. */
  readonly training?: {
    readonly columns: readonly { readonly input: string; readonly column: string }[];
  } | null;
}

interface VersionView {
  readonly version: string;
  readonly state: string;
  readonly digest: string;
}

interface ShareView {
  readonly version: string;
  readonly percent: number;
  /** Whether its folder is there. */
  readonly isThere: boolean;
}

export interface FieldView {
  readonly name: string;
  readonly tensor: string;
  readonly type: string;
  readonly unit: string | null;
  readonly size: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly maxLength: number | null;
  readonly values: readonly string[] | null;
  /** The model's own values of an enum, in the order of `values`. */
  readonly modelValues: readonly string[] | null;
  readonly timeZone: string | null;
  /** Null if the input is required. */
  readonly default: string | null;
  /** Of a tensor, whose dimensions vary where the size is null; else null. A gateway of 0.2 does not tell. */
  readonly shape?: readonly { readonly size: number | null }[] | null;
  /** Whether whole numbers beyond ±(2^53 − 1) come exact, as texts of their digits. */
  readonly exact?: boolean;
  /** Of an output whose numbers have labels; else null. */
  readonly labels?: readonly string[] | null;
  /** Of a picture, a sound, a long text or detections; else null. */
  readonly kind?: string | null;
  /** Of a file or a long text; else null. */
  readonly maxBytes?: number | null;
}

/** A value of an output. In a list, a number that is not finite is null. */
export type ScoredValue = number | string | boolean | readonly (number | string | boolean | null)[];

/** The predictions for rows: for each output one value per row, null for a row that failed. */
export interface Predictions {
  readonly columns: Readonly<Record<string, readonly (ScoredValue | null)[]>>;
  /** Why rows failed, by index. */
  readonly errors: ReadonlyMap<number, string>;
}

/** Thrown if rows are refused before they are queued. Has the reasons, by index. */
export class RowsRefused extends Error {
  readonly rows: ReadonlyMap<number, string>;

  constructor(rows: ReadonlyMap<number, string>) {
    super('some rows are refused');
    this.rows = rows;
  }
}

/** An error that the user can correct. The message alone explains it. */
export class ScoreError extends Error {}

/** Thrown if a call or its answer has more bytes than the gateway allows. */
export class CallTooLarge extends ScoreError {}

/** Thrown if the gateway does not know a field. It is an older one. */
class UnknownField extends ScoreError {}

/** A fault of one row, in the extensions of a refusal. */
interface RowProblem {
  readonly row?: number;
  readonly field: string;
  readonly expected: string;
}

interface RowBatchView {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly message: string } | null;
  readonly batch: { readonly results: PageView };
}

interface PageView {
  readonly nextRow: number | null;
  readonly predictions: Readonly<Record<string, readonly unknown[]>>;
  readonly errors: readonly { readonly row: number; readonly code: string; readonly message: string }[];
}

/** The longest that Tidings allows. */
const TIMEOUT_MS = 300_000;
const WAIT_MS = 30_000;
/** The most times that rows are submitted, if their row batch expires in its queue. */
const TRIES = 3;
const MAX_PAGE_ROWS = 10_000;

const describe = (more: string, ofModel: string) => `{ models { name batchMutation inputType columnsType
  inputs { ...Field } outputs { ...Field }
  versions { version state digest } rollout { version percent isThere } ${ofModel} } }
  fragment Field on ModelField { name tensor type unit size minimum maximum maxLength values modelValues timeZone default ${more} }`;
const DESCRIBE = describe(
  'shape { size } exact labels kind maxBytes',
  'training { columns { input column } }',
);
/** What a gateway of 0.2 can be asked. */
const DESCRIBE_PLAIN = describe('', '');

export class Tidings {
  readonly #gateway: Gateway;

  constructor(options: Omit<GatewayOptions, 'command'>) {
    this.#gateway = new Gateway({ ...options, command: 'score' });
  }

  /** @throws {ScoreError} if there is no such model, or none whose outputs can be columns. */
  async describe(name: string): Promise<ModelView> {
    const { models } = await this.#ask<{ models: readonly ModelView[] }>(DESCRIBE, {}).catch(
      (error: unknown) => {
        if (!(error instanceof UnknownField)) throw error;
        return this.#ask<{ models: readonly ModelView[] }>(DESCRIBE_PLAIN, {});
      },
    );
    const model = models.find((candidate) => candidate.name === name);
    if (model !== undefined) return requirePlain(model);
    throw new ScoreError(`--model must be one of ${models.map((each) => each.name).join(', ')}, got ${name}`);
  }

  /**
   * Predicts 1 to 10,000 rows. Waits as long as Tidings is busy.
   *
   * @throws {RowsRefused}; {ScoreError} for other errors that a retry does not solve.
   */
  async predict(
    model: ModelView,
    inputs: readonly Readonly<Record<string, unknown>>[],
    modelVersion: string,
  ): Promise<Predictions> {
    for (let attempt = 1; ; attempt++) {
      const task = await this.#submit(model, inputs, modelVersion);
      if (task.state === 'SUCCEEDED') return this.#allRows(model, task);
      if (task.state !== 'EXPIRED' || attempt === TRIES)
        throw new ScoreError(
          `the row batch ${task.id} ended ${task.state}: ${task.error?.message ?? 'no reason given'}`,
        );
    }
  }

  /** @returns the row batch in its final state. */
  async #submit(
    model: ModelView,
    inputs: readonly Readonly<Record<string, unknown>>[],
    modelVersion: string,
  ): Promise<RowBatchView> {
    const mutation = `mutation ($inputs: [${model.inputType}!]!, $options: TaskOptions, $first: Int!, $after: Int!) {
      batch: ${model.batchMutation}(inputs: $inputs, options: $options) { id state error { message } ${rowsOf(model)} } }`;
    // Each repetition gets the same row batch.
    const requestId = randomUUID();
    const options = { requestId, modelVersion, waitMs: WAIT_MS, timeoutMs: TIMEOUT_MS };
    for (;;) {
      const { batch } = await this.#ask<{ batch: RowBatchView }>(mutation, {
        inputs,
        options,
        first: inputs.length,
        after: 0,
      });
      if (batch.state !== 'QUEUED' && batch.state !== 'RUNNING') return batch;
    }
  }

  /** Collects all pages of results. The first came with the final state; large rows have further pages. */
  async #allRows(model: ModelView, { id, batch }: RowBatchView): Promise<Predictions> {
    const columns = Object.fromEntries(model.outputs.map(({ name }) => [name, [] as (ScoredValue | null)[]]));
    const errors = new Map<number, string>();
    const query = `query ($id: ID!, $first: Int!, $after: Int!) { task(id: $id) { ${rowsOf(model)} } }`;
    for (let page = batch.results; ; ) {
      for (const output of model.outputs)
        columns[output.name]?.push(
          ...(page.predictions[output.name] ?? []).map((cell) => valueIn(output, cell)),
        );
      for (const { row, code, message } of page.errors) errors.set(row, `${code}: ${message}`);
      if (page.nextRow === null) return { columns, errors };
      const variables = { id, first: MAX_PAGE_ROWS, after: page.nextRow };
      const { task } = await this.#ask<{ task: Pick<RowBatchView, 'batch'> }>(query, variables);
      page = task.batch.results;
    }
  }

  /** @throws as `Gateway.ask`; for refusals, the errors of this file. */
  async #ask<T>(query: string, variables: object): Promise<T> {
    try {
      return await this.#gateway.ask<T>(query, variables);
    } catch (error) {
      throw error instanceof Refused ? refusalOf(error) : error;
    }
  }
}

/** @throws {ScoreError} if the model has an output that no column can have. */
function requirePlain(model: ModelView): ModelView {
  const output = model.outputs.find(({ kind = null }) => kind !== null);
  if (output === undefined) return model;
  throw new ScoreError(
    `${model.name} cannot be scored from a file: its output ${output.name} is of the kind ${output.kind}, and new columns have numbers, texts and lists only. Predict with ${model.batchMutation} instead`,
  );
}

/** The list that an output of several numbers or texts is asked for; undefined for all others. */
function listNameOf({ type, shape = null, labels = null }: FieldView): string | undefined {
  if (labels !== null) return 'scores';
  if (shape === null) return undefined;
  if (type === 'string') return 'texts';
  if (type === 'boolean') return 'booleans';
  return type === 'int64' || type === 'uint64' ? 'integers' : 'values';
}

function selectionOf(output: FieldView): string {
  const list = listNameOf(output);
  return list === undefined ? '' : `{ ${list} }`;
}

function valueIn(output: FieldView, cell: unknown): ScoredValue | null {
  const list = listNameOf(output);
  if (list === undefined || cell === null) return cell as ScoredValue | null;
  return (cell as Readonly<Record<string, ScoredValue>>)[list] ?? null;
}

function rowsOf({ columnsType, outputs }: ModelView): string {
  const names = outputs.map((output) => `${output.name} ${selectionOf(output)}`).join(' ');
  return `batch { results(first: $first, after: $after) { nextRow
    predictions { ... on ${columnsType} { ${names} } } errors { row code message } } }`;
}

function refusalOf({ code, message, extensions }: Refused): Error {
  const problems = (extensions.problems ?? []) as readonly RowProblem[];
  const rows = problems.flatMap(({ row, field, expected }) =>
    row === undefined ? [] : [[row, `${field} must be ${expected}`] as const],
  );
  if (rows.length > 0) return new RowsRefused(new Map(rows));
  if (code === RequestErrorCode.PayloadTooLarge || code === RequestErrorCode.ResultTooLarge)
    return new CallTooLarge(message);
  return code === 'GRAPHQL_VALIDATION_FAILED' ? new UnknownField(message) : new ScoreError(message);
}
