/** The operations of a load, how they are sent over each transport, and the check of every answer. */
import type { Trip } from '../support/client.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import type { GraphQLSocket } from './graphqlSocket.ts';
import type { HttpConnection } from './httpConnection.ts';

/** The operations for endless rows of one model, numbered from 0. Payloads are the JSON of `{ query, variables }`. */
export interface Questions {
  submission(row: number): string;
  /** A submission that also asks for the answer, for a server without a queue. */
  submissionWithAnswer(row: number): string;
  /** @param task the id of the task. */
  subscription(task: string): string;
  /** @param answer the data of both operations. @throws if it is not the model's answer to the row. */
  check(row: number, answer: Answer): void;
}

/** The data of an operation. It has one field. */
export type Answer = Readonly<Record<string, unknown>>;

/** Submits one row, waits for its result and checks it. */
export type Exchange = (row: number) => Promise<void>;

interface QuestionOptions<Input> {
  /** The GraphQL names of the model's mutation, input type, prediction type and only output. */
  readonly mutation: string;
  readonly inputType: string;
  readonly predictionType: string;
  readonly output: string;
  readonly inputs: readonly Input[];
  /** The model's answer to each input alone. */
  readonly expected: readonly number[];
  /** The largest difference of two equal answers. @default 0 */
  readonly tolerance?: number;
  /** The TaskOptions of each submission. @default none */
  readonly options?: Readonly<Record<string, unknown>>;
}

const DIFFERENT_TRIPS = 1_000;

/**
 * The operations for trips 0 to 999, repeated, with the answers of version 1.
 *
 * @param options TaskOptions, for example to pin that version if others are served, too.
 */
export async function tripQuestions(options?: QuestionOptions<Trip>['options']): Promise<Questions> {
  await using model = await openDirectModel();
  const inputs = Array.from({ length: DIFFERENT_TRIPS }, (_, i) => tripNumber(i));
  const expected: number[] = [];
  for (const trip of inputs) expected.push(await model.predict(trip));
  return questions({
    mutation: 'predictTrip',
    inputType: 'PredictTripInput',
    predictionType: 'TripPrediction',
    output: 'durationMinutes',
    inputs,
    expected,
    ...(options !== undefined && { options }),
  });
}

export function questions<Input>(asked: QuestionOptions<Input>): Questions {
  const { mutation, inputType, predictionType, output, inputs, expected, tolerance = 0 } = asked;
  const answer = `state prediction { ... on ${predictionType} { ${output} } }`;
  const submission = (fields: string) =>
    asked.options === undefined
      ? `mutation($input: ${inputType}!) { ${mutation}(input: $input) { ${fields} } }`
      : `mutation($input: ${inputType}!, $options: TaskOptions) { ${mutation}(input: $input, options: $options) { ${fields} } }`;
  const payloads = (query: string) =>
    inputs.map((input) => JSON.stringify({ query, variables: { input, options: asked.options } }));
  const submissions = payloads(submission('id'));
  const submissionsWithAnswer = payloads(submission(`id ${answer}`));
  const query = `subscription($id: ID!) { taskResult(id: $id) { ${answer} } }`;
  const subscription = `{"query":${JSON.stringify(query)},"variables":{"id":"`;
  return {
    submission: (row) => submissions[row % submissions.length] ?? '',
    submissionWithAnswer: (row) => submissionsWithAnswer[row % submissionsWithAnswer.length] ?? '',
    subscription: (task) => `${subscription}${task}"}}`,
    check(row, { taskResult }) {
      const { prediction } = taskResult as { prediction: Record<string, number> | null };
      const wanted = expected[row % expected.length] ?? Number.NaN;
      if (Math.abs((prediction?.[output] ?? Number.NaN) - wanted) <= tolerance) return;
      throw new Error(`row ${row} must give ${output} ${wanted}, got ${JSON.stringify(taskResult)}`);
    },
  };
}

/** Sends mutation and subscription over one WebSocket. */
export function overWebSocket(socket: GraphQLSocket, asked: Questions): Exchange {
  return async (row) => {
    const id = idIn(await socket.ask(asked.submission(row)));
    asked.check(row, await socket.ask(asked.subscription(id)));
  };
}

/** Sends only the mutation, and gets the answer with it. */
export function inOneAnswer(socket: GraphQLSocket, asked: Questions): Exchange {
  return async (row) => {
    const [task] = Object.values(await socket.ask(asked.submissionWithAnswer(row)));
    asked.check(row, { taskResult: task });
  };
}

/** Sends the mutation over POST and the subscription over WebSocket. */
export function overPostAndWebSocket(
  connection: HttpConnection,
  socket: GraphQLSocket,
  asked: Questions,
): Exchange {
  return async (row) => {
    const id = idIn(dataIn(await connection.post(asked.submission(row), 'application/json')));
    asked.check(row, await socket.ask(asked.subscription(id)));
  };
}

/** Sends the mutation over POST, and then the subscription over SSE on the same connection. */
export function overPostAndSse(connection: HttpConnection, asked: Questions): Exchange {
  return async (row) => {
    const id = idIn(dataIn(await connection.post(asked.submission(row), 'application/json')));
    const events = await connection.post(asked.subscription(id), 'text/event-stream');
    asked.check(row, dataIn(/^data: (.+)$/m.exec(events)?.[1] ?? '{}'));
  };
}

/** The id of the task in the answer to a submission. */
export function idIn(answer: Answer): string {
  const [task] = Object.values(answer) as readonly { readonly id: string }[];
  if (task === undefined) throw new Error('a submission must be answered with a task');
  return task.id;
}

function dataIn(body: string): Answer {
  const { data, errors } = JSON.parse(body);
  if (data == null || errors !== undefined) throw new Error(`the gateway answered ${body}`);
  return data;
}
