/** Row batches for clients: many trips in one call, and the outcome of each. */
import { collect, type ErrorView, post, sse, type Trip } from './client.ts';

export interface RowBatchView {
  readonly id: string;
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'EXPIRED';
  readonly attempts: number;
  readonly finishedAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly batch: {
    readonly rowCount: number;
    readonly chunkCount: number;
    readonly rowsDone: number;
    readonly rowsFailed: number;
    readonly estimatedSecondsLeft: number | null;
  };
}

export interface PageView {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly nextRow: number | null;
  readonly predictions: { readonly durationMinutes: readonly (number | null)[] };
  readonly errors: readonly { readonly row: number; readonly code: string; readonly message: string }[];
}

interface BatchAnswer<T> {
  readonly data?: Readonly<Record<string, T>> | null;
  readonly errors?: readonly ErrorView[];
}

const BATCH_FIELDS = `id state attempts finishedAt error { code message }
  batch { rowCount chunkCount rowsDone rowsFailed estimatedSecondsLeft }`;

export const PREDICT_TRIPS = `mutation PredictTrips($inputs: [PredictTripInput!]!, $options: TaskOptions) {
  predictTrips(inputs: $inputs, options: $options) { ${BATCH_FIELDS} } }`;
const BATCH_RESULT = `subscription BatchResult($id: ID!) { taskResult(id: $id) { ${BATCH_FIELDS} } }`;
export const BATCH_UPDATES = `subscription BatchUpdates($id: ID!) { taskUpdates(id: $id) { ${BATCH_FIELDS} } }`;
export const BATCH = `query Batch($id: ID!) { task(id: $id) { ${BATCH_FIELDS} } }`;
const BATCH_PAGE = `query RowPage($id: ID!, $first: Int! = 1000, $after: Int! = 0) {
  task(id: $id) { id batch { results(first: $first, after: $after) { firstRow rowCount nextRow
    predictions { ... on TripPredictionColumns { durationMinutes } } errors { row code message } } } } }`;

/** Submits over POST. @throws with the errors if the row batch was not accepted. */
export async function submitTrips(
  url: string,
  inputs: readonly Trip[],
  options?: Record<string, unknown>,
): Promise<RowBatchView> {
  return batchIn(
    (await post(url, PREDICT_TRIPS, { inputs, options })) as unknown as BatchAnswer<RowBatchView>,
  );
}

/** @returns the final state of a row batch, once it has one. */
export async function batchEnd(url: string, id: string): Promise<RowBatchView> {
  const [end] = await collect(batchEvents(url, BATCH_RESULT, id));
  if (end === undefined) throw new Error('no final state came');
  return end;
}

/** The states of a row batch from one of the two subscriptions. */
export async function* batchEvents(url: string, operation: string, id: string): AsyncGenerator<RowBatchView> {
  for await (const answer of sse(url, operation, { id }))
    yield batchIn(answer as unknown as BatchAnswer<RowBatchView>);
}

/** One page of rows. @throws with the errors if there are any. */
export async function batchPage(
  url: string,
  id: string,
  range: { first?: number; after?: number } = {},
): Promise<PageView> {
  const answer = (await post(url, BATCH_PAGE, { id, ...range })) as unknown as BatchAnswer<{
    batch: { results: PageView };
  }>;
  return batchIn(answer).batch.results;
}

/** All rows: the minutes, or null for a failed row. */
export async function batchMinutes(
  url: string,
  id: string,
  first = 1_000,
): Promise<readonly (number | null)[]> {
  const minutes: (number | null)[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: PageView = await batchPage(url, id, { first, after });
    minutes.push(...page.predictions.durationMinutes);
    after = page.nextRow;
  }
  return minutes;
}

function batchIn<T>({ data, errors }: BatchAnswer<T>): T {
  const [batch] = Object.values(data ?? {});
  if (errors !== undefined || batch === undefined) throw new Error(JSON.stringify(errors ?? data));
  return batch;
}
