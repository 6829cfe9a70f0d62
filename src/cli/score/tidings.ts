/** A running Tidings, as a client sees it: what a model takes and gives, and predictions for many rows. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestErrorCode } from '../../contract/errors.ts';
import type { Value } from '../../contract/values.ts';

/** What a model says of itself. */
export interface ModelView {
  readonly name: string;
  readonly batchMutation: string;
  readonly inputType: string;
  readonly columnsType: string;
  readonly inputs: readonly FieldView[];
  readonly outputs: readonly FieldView[];
  /** Oldest first. */
  readonly versions: readonly VersionView[];
  /** Null if none is set: the newest version that is served answers. */
  readonly rollout: readonly ShareView[] | null;
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
  /** Of an enum, what the model knows each of them as. */
  readonly modelValues: readonly string[] | null;
  readonly timeZone: string | null;
  /** Null unless it may be left out. */
  readonly default: string | null;
}

/** What came of rows: by output a value each, null where one failed; and why. */
export interface Predictions {
  readonly columns: Readonly<Record<string, readonly (Value | null)[]>>;
  /** By index. */
  readonly errors: ReadonlyMap<number, string>;
}

/** Rows that are refused before they are queued, by index, with the reason. */
export class RowsRefused extends Error {
  readonly rows: ReadonlyMap<number, string>;

  constructor(rows: ReadonlyMap<number, string>) {
    super('some rows are refused');
    this.rows = rows;
  }
}

/** What a person has to know, and can mend. */
export class ScoreError extends Error {}

/** A call has more bytes than the gateway takes at once. */
export class CallTooLarge extends ScoreError {}

interface GraphQLError {
  readonly message: string;
  readonly extensions?: {
    readonly code?: string;
    readonly retryAfterMs?: number;
    readonly problems?: readonly {
      readonly row?: number;
      readonly field: string;
      readonly expected: string;
    }[];
  };
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphQLError[];
}

interface RowBatchView {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly message: string } | null;
  readonly batch: { readonly results: PageView };
}

interface PageView {
  readonly nextRow: number | null;
  readonly predictions: Readonly<Record<string, readonly (Value | null)[]>>;
  readonly errors: readonly { readonly row: number; readonly code: string; readonly message: string }[];
}

/** A gateway that cannot be reached is tried again for so long; one that has never answered may not be there at all. */
const UNREACHABLE_MS = 60_000;
const NEVER_REACHED_MS = 10_000;
const RETRY_MS = 1_000;
/** The longest that Tidings allows. */
const TIMEOUT_MS = 300_000;
const WAIT_MS = 30_000;
/** A batch that expired in its queue is submitted again so often. */
const TRIES = 3;
const MAX_PAGE_ROWS = 10_000;

const DESCRIBE = `{ models { name batchMutation inputType columnsType
  inputs { ...Field } outputs { ...Field }
  versions { version state digest } rollout { version percent isThere } } }
  fragment Field on ModelField { name tensor type unit size minimum maximum maxLength values modelValues timeZone default }`;

export class Tidings {
  readonly #url: URL;
  readonly #signal: AbortSignal;
  #hasAnswered = false;
  #isWaiting = false;

  /** @param url of the GraphQL endpoint. */
  constructor(url: URL, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  /** @throws {ScoreError} if there is no such model. */
  async describe(name: string): Promise<ModelView> {
    const { models } = await this.#ask<{ models: readonly ModelView[] }>(DESCRIBE, {});
    const model = models.find((candidate) => candidate.name === name);
    if (model !== undefined) return model;
    throw new ScoreError(`--model must be one of ${models.map((each) => each.name).join(', ')}, got ${name}`);
  }

  /**
   * Predictions for rows, 1 to 10,000 of them. Waits for as long as Tidings is busy.
   *
   * @throws {RowsRefused}; {ScoreError} for what will not pass by itself.
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
          `the batch ${task.id} ended ${task.state}: ${task.error?.message ?? 'no reason given'}`,
        );
    }
  }

  /** @returns the batch at its end. */
  async #submit(
    model: ModelView,
    inputs: readonly Readonly<Record<string, unknown>>[],
    modelVersion: string,
  ): Promise<RowBatchView> {
    const mutation = `mutation ($inputs: [${model.inputType}!]!, $options: TaskOptions, $first: Int!, $after: Int!) {
      batch: ${model.batchMutation}(inputs: $inputs, options: $options) { id state error { message } ${rowsOf(model)} } }`;
    // The same batch, however often it is asked for.
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

  /** The first page came with the end; where rows are large, there are more. */
  async #allRows(model: ModelView, { id, batch }: RowBatchView): Promise<Predictions> {
    const columns = Object.fromEntries(model.outputs.map(({ name }) => [name, [] as (Value | null)[]]));
    const errors = new Map<number, string>();
    const query = `query ($id: ID!, $first: Int!, $after: Int!) { task(id: $id) { ${rowsOf(model)} } }`;
    for (let page = batch.results; ; ) {
      for (const { name } of model.outputs) columns[name]?.push(...(page.predictions[name] ?? []));
      for (const { row, code, message } of page.errors) errors.set(row, `${code}: ${message}`);
      if (page.nextRow === null) return { columns, errors };
      const variables = { id, first: MAX_PAGE_ROWS, after: page.nextRow };
      const { task } = await this.#ask<{ task: Pick<RowBatchView, 'batch'> }>(query, variables);
      page = task.batch.results;
    }
  }

  /** Asks until there is an answer. @throws as `predict`, or whatever `fetch` does once the signal is aborted. */
  async #ask<T>(query: string, variables: object): Promise<T> {
    const startedAt = performance.now();
    for (;;) {
      const answer = await this.#post<T>(query, variables).catch((error: unknown) => {
        if (this.#signal.aborted || error instanceof ScoreError) throw error;
        this.#waitOn(performance.now() - startedAt, error);
        return undefined;
      });
      const [error] = answer?.errors ?? [];
      if (answer?.data != null && error === undefined) return answer.data;
      if (error !== undefined) refuse(error);
      await sleep(error?.extensions?.retryAfterMs ?? RETRY_MS, undefined, { signal: this.#signal });
    }
  }

  async #post<T>(query: string, variables: object): Promise<Answer<T>> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: this.#signal,
    });
    const text = await response.text();
    const answer = readAnswer<T>(text);
    if (answer === undefined && response.status < 500)
      throw new ScoreError(
        `${this.#url} answers (status ${response.status}), but not as Tidings does: --url must be its GraphQL endpoint, such as http://127.0.0.1:4000/graphql`,
      );
    // As what stands before Tidings says while that cannot be reached.
    if (answer === undefined) throw new Error(`status ${response.status}`);
    this.#hasAnswered = true;
    this.#isWaiting = false;
    return answer;
  }

  /** Says so once. @throws {ScoreError} if it takes too long. */
  #waitOn(waitedMs: number, cause: unknown): void {
    if (!this.#isWaiting) console.error(`score: waiting for Tidings at ${this.#url} (Ctrl-C stops)`);
    this.#isWaiting = true;
    if (waitedMs < (this.#hasAnswered ? UNREACHABLE_MS : NEVER_REACHED_MS)) return;
    throw new ScoreError(
      this.#hasAnswered
        ? `${this.#url} does not answer any more. Once it does, the same command goes on from here.`
        : `${this.#url} does not answer. Is Tidings running there? (npm start, or --url)`,
      { cause },
    );
  }
}

/** @returns undefined if it is none of GraphQL. */
function readAnswer<T>(text: string): Answer<T> | undefined {
  try {
    const answer = JSON.parse(text) as Answer<T> | null;
    return answer?.data != null || (answer?.errors?.length ?? 0) > 0 ? (answer ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

function rowsOf({ columnsType, outputs }: ModelView): string {
  const names = outputs.map(({ name }) => name).join(' ');
  return `batch { results(first: $first, after: $after) { nextRow
    predictions { ... on ${columnsType} { ${names} } } errors { row code message } } }`;
}

/** Throws, unless it passes by itself. */
function refuse({ message, extensions: { code, retryAfterMs, problems = [] } = {} }: GraphQLError): void {
  if (retryAfterMs !== undefined) return;
  const rows = problems.flatMap(({ row, field, expected }) =>
    row === undefined ? [] : [[row, `${field} must be ${expected}`] as const],
  );
  if (rows.length > 0) throw new RowsRefused(new Map(rows));
  const text = code === undefined ? message : `${code}: ${message}`;
  throw code === RequestErrorCode.PayloadTooLarge ? new CallTooLarge(text) : new ScoreError(text);
}
