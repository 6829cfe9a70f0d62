/** The dead letters, and the operations of operators on them. `audit` lets operators pass, and records what they do. */
import type { StoredDeadLetter } from '../src/broker/broker.ts';
import type { DeadLetter } from '../src/contract/messages/deadLetter.ts';
import type { QueuedJob } from '../src/contract/messages/job.ts';
import { parseJobSubject } from '../src/contract/subjects.ts';
import type { RedriveCount } from '../src/tasks/deadLetterRedrives.ts';
import { cursorOf, type DeadLetterPage, jobIn, MAX_PAGE } from '../src/tasks/deadLetters.ts';
import { type Builder, replacedBy } from './builder.ts';
import type { TaskErrorCodeRef } from './errorCode.ts';
import type { PageInfo, PageInfoRef } from './pageInfo.ts';
import type { RequestErrorCodeRef } from './requestErrorCode.ts';
import type { TaskRef } from './task.ts';

const OPERATORS_ONLY = 'For operators (`FORBIDDEN`).';
const DEFAULT_PAGE = 20;

interface RefsOfDeadLetters {
  readonly taskRef: TaskRef;
  readonly errorCodeRef: TaskErrorCodeRef;
  readonly requestErrorCodeRef: RequestErrorCodeRef;
  readonly pageInfoRef: PageInfoRef;
}

export function defineDeadLetters(
  builder: Builder,
  { taskRef, errorCodeRef, requestErrorCodeRef, pageInfoRef }: RefsOfDeadLetters,
): void {
  const letterRef = defineDeadLetter(builder, errorCodeRef);

  const edgeRef = builder.objectRef<StoredDeadLetter>('DeadLetterEdge').implement({
    description: 'A dead letter with its cursor.',
    fields: (t) => ({
      cursor: t.string({ description: 'Position of the letter, for `after`. Opaque.', resolve: cursorOf }),
      node: t.expose('letter', { type: letterRef, description: 'The dead letter.' }),
    }),
  });
  const connectionRef = builder.objectRef<DeadLetterPage>('DeadLetterConnection').implement({
    description: 'A page of dead letters.',
    fields: (t) => ({
      edges: t.expose('letters', { type: [edgeRef], description: 'The letters of the page, oldest first.' }),
      pageInfo: t.field({
        type: pageInfoRef,
        description: 'Where the page begins and ends.',
        resolve: pageInfoOf,
      }),
    }),
  });
  const redriveRef = builder.objectRef<RedriveCount>('DeadLettersRedriven').implement({
    description: 'The result of `redriveDeadLetters`.',
    fields: (t) => ({
      redriven: t.exposeInt('redriven', { description: 'Number of letters that became tasks again.' }),
      kept: t.exposeInt('kept', {
        description:
          'Number of letters that stay because their jobs cannot be run. `redriveDeadLetter` says why.',
      }),
      stoppedBy: t.expose('stoppedBy', {
        type: requestErrorCodeRef,
        nullable: true,
        description:
          'The code of the refusal, such as `QUEUE_FULL`, that stopped the redrive. The other letters stay; call the mutation again later. Null if all letters were handled.',
      }),
    }),
  });

  const modelArgument = 'Name of the model. It may be a model that is not served any more.';
  const anyModelArgument = `${modelArgument} Left out: all models.`;
  const idArgument = 'Id of the task that failed.';
  builder.queryField('deadLetters', (t) =>
    t.field({
      type: connectionRef,
      description: `The dead letters of a model, or of all models, oldest first. ${OPERATORS_ONLY}`,
      args: {
        model: t.arg.string({ description: anyModelArgument }),
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: `The most letters of the page: 1 to ${MAX_PAGE}.`,
        }),
        after: t.arg.string({ description: 'The page begins after the letter with this cursor.' }),
      },
      resolve: async (_root, { model, first, after }, context) => {
        await context.audit.admit(context, {
          action: 'deadLetters',
          target: model ?? undefined,
        });
        return context.deadLetters.page(model ?? undefined, first, after ?? undefined);
      },
    }),
  );
  builder.mutationField('redriveDeadLetter', (t) =>
    t.field({
      type: taskRef,
      description: `Submits the job of a dead letter again, as a new task with the same time limit, and removes the letter. It runs on the same version as before. If that version is not available any more, the rollout decides. A repeated call returns the same task. Errors: \`DEAD_LETTER_NOT_FOUND\`, \`CANNOT_REDRIVE\`, and those of the model's mutation. ${OPERATORS_ONLY}`,
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, context) =>
        context.audit.act(context, {
          action: 'redriveDeadLetter',
          target: id,
          asked: { id },
          run: () => context.redrives.redrive(id, context.trace),
          told: (task) => ({ after: { task: task.id } }),
        }),
    }),
  );
  builder.mutationField('redriveDeadLetters', (t) =>
    t.field({
      type: redriveRef,
      description: `Submits the jobs of all present dead letters of a model again, as \`redriveDeadLetter\` does. ${OPERATORS_ONLY}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      resolve: (_root, { model }, context) =>
        context.audit.act(context, {
          action: 'redriveDeadLetters',
          target: model,
          asked: { model },
          run: () => context.redrives.redriveAll(model, context.trace),
          told: (count) => ({ after: count }),
        }),
    }),
  );
  builder.mutationField('discardDeadLetter', (t) =>
    t.field({
      type: letterRef,
      description: `Removes a dead letter for good, and returns it. Errors: \`DEAD_LETTER_NOT_FOUND\`. ${OPERATORS_ONLY}`,
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, context) =>
        context.audit.act(context, {
          action: 'discardDeadLetter',
          target: id,
          asked: { id },
          run: () => context.deadLetters.discard(id),
          told: ({ model, code, reason, diedAt }) => ({
            before: { model, code, reason, diedAt },
            after: null,
          }),
        }),
    }),
  );
  builder.subscriptionField('deadLetterAdded', (t) =>
    t.field({
      type: letterRef,
      description: `Delivers each dead letter of a model, or of all models, that is stored from now on. Every gateway delivers all of them. ${OPERATORS_ONLY}`,
      args: { model: t.arg.string({ description: anyModelArgument }) },
      subscribe: async (_root, { model }, context) => {
        await context.audit.admit(context, {
          action: 'deadLetterAdded',
          target: model ?? undefined,
        });
        return context.deadLetters.watch(model ?? undefined);
      },
      resolve: ({ letter }) => letter,
    }),
  );
}

function defineDeadLetter(builder: Builder, errorCodeRef: TaskErrorCodeRef) {
  return builder.objectRef<DeadLetter>('DeadLetter').implement({
    description: 'A job that ended without a prediction, kept with the reason.',
    fields: (t) => ({
      taskId: t.exposeID('taskId', { description: 'Id of the task that failed.' }),
      id: t.exposeID('taskId', {
        deprecationReason: replacedBy('taskId'),
        description: 'Id of the task that failed.',
      }),
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      model: t.exposeString('model', {
        deprecationReason: replacedBy('modelName'),
        description: 'Name of the model.',
      }),
      modelVersion: t.string({
        description: 'Version of the model that it was for.',
        resolve: ({ subject }) => parseJobSubject(subject).version,
      }),
      code: t.expose('code', { type: errorCodeRef, description: 'The reason, for programs.' }),
      reason: t.exposeString('reason', { description: 'The reason, for people.' }),
      attempts: t.exposeInt('attempts', { description: 'How often a worker took it from the queue.' }),
      lastWorker: t.exposeString('worker', { description: 'Id of the worker that had it last.' }),
      submittedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the task was accepted; null if the job cannot be read.',
        resolve: (letter) => readableJob(letter)?.submittedAt,
      }),
      diedAt: t.expose('diedAt', { type: 'DateTime', description: 'When the letter was written.' }),
      job: t.string({
        description:
          'The job as it came: JSON, unless it is malformed. docs/protocol.md describes its members.',
        resolve: ({ job }) => Buffer.from(job, 'base64').toString(),
      }),
      history: t.idList({
        description: 'Ids of the tasks that had failed with this job before, oldest first, the last 100.',
        resolve: (letter) => readableJob(letter)?.history ?? [],
      }),
    }),
  });
}

function pageInfoOf({ letters, after, hasNextPage, hasPreviousPage }: DeadLetterPage): PageInfo {
  const cursors = letters.map(cursorOf);
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: cursors[0],
    endCursor: cursors.at(-1) ?? after,
  };
}

function readableJob(letter: DeadLetter): QueuedJob | undefined {
  try {
    return jobIn(letter);
  } catch {
    return undefined;
  }
}
