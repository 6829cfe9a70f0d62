/** Dead letters and what operators do with them. Every field here begins with `requireOperator`. */
import type { StoredDeadLetter } from '../src/broker/broker.ts';
import type { DeadLetter } from '../src/contract/messages/deadLetter.ts';
import type { QueuedJob } from '../src/contract/messages/job.ts';
import { parseJobSubject } from '../src/contract/subjects.ts';
import {
  cursorOf,
  type DeadLetterPage,
  jobIn,
  MAX_PAGE,
  type RedriveCount,
} from '../src/tasks/deadLetters.ts';
import type { Builder } from './builder.ts';
import type { TaskErrorCodeRef } from './errorCode.ts';
import type { TaskRef } from './task.ts';

const OPERATORS_ONLY = 'For operators (`FORBIDDEN`).';
const DEFAULT_PAGE = 20;

export function defineDeadLetters(builder: Builder, taskRef: TaskRef, errorCodeRef: TaskErrorCodeRef): void {
  const letterRef = defineDeadLetter(builder, errorCodeRef);

  const edgeRef = builder.objectRef<StoredDeadLetter>('DeadLetterEdge').implement({
    description: 'A dead letter and its place among them.',
    fields: (t) => ({
      cursor: t.string({ description: 'For `after`. Opaque.', resolve: cursorOf }),
      node: t.expose('letter', { type: letterRef, description: 'The dead letter.' }),
    }),
  });
  const pageInfoRef = builder.objectRef<DeadLetterPage>('PageInfo').implement({
    description: 'Where a page ends.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there is more after it.' }),
      endCursor: t.string({
        nullable: true,
        description: 'The cursor of its last edge; null if it has none.',
        resolve: ({ letters }) => letters.slice(-1).map(cursorOf)[0],
      }),
    }),
  });
  const connectionRef = builder.objectRef<DeadLetterPage>('DeadLetterConnection').implement({
    description: 'A page of dead letters.',
    fields: (t) => ({
      edges: t.expose('letters', { type: [edgeRef], description: 'The letters of the page, oldest first.' }),
      pageInfo: t.field({ type: pageInfoRef, description: 'Where it ends.', resolve: (page) => page }),
    }),
  });
  const redriveRef = builder.objectRef<RedriveCount>('DeadLettersRedriven').implement({
    description: 'What became of the dead letters that were there.',
    fields: (t) => ({
      redriven: t.exposeInt('redriven', { description: 'Letters that are tasks again.' }),
      kept: t.exposeInt('kept', {
        description: 'Letters that stay, since their jobs cannot be run: `redriveDeadLetter` says why.',
      }),
      stoppedBy: t.exposeString('stoppedBy', {
        nullable: true,
        description:
          'The code of the refusal, such as `QUEUE_FULL`, that left the others in their place: call it again. Null if all were seen.',
      }),
    }),
  });

  const modelArgument = 'Name of the model; one that is not served any more may have left letters.';
  const idArgument = 'Id of the task that died.';
  builder.queryField('deadLetters', (t) =>
    t.field({
      type: connectionRef,
      description: `The dead letters of a model, oldest first. ${OPERATORS_ONLY}`,
      args: {
        model: t.arg.string({ required: true, description: modelArgument }),
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: `Letters in the page at most: 1 to ${MAX_PAGE}.`,
        }),
        after: t.arg.string({ description: 'Begins after the letter of this cursor.' }),
      },
      resolve: async (_root, { model, first, after }, { deadLetters, requireOperator }) => {
        await requireOperator();
        return deadLetters.page(model, first, after ?? undefined);
      },
    }),
  );
  builder.mutationField('redriveDeadLetter', (t) =>
    t.field({
      type: taskRef,
      description: `Submits the job of a dead letter again, as a new task with the same time limit, and removes the letter. It runs on the version it had, or, if that one cannot be had any more, on the one that the rollout says. Asked again, it returns the same task. Errors: \`DEAD_LETTER_NOT_FOUND\`, \`CANNOT_REDRIVE\`, and as the model's mutation. ${OPERATORS_ONLY}`,
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: async (_root, { id }, { deadLetters, requireOperator, trace }) => {
        await requireOperator();
        return deadLetters.redrive(id, trace);
      },
    }),
  );
  builder.mutationField('redriveDeadLetters', (t) =>
    t.field({
      type: redriveRef,
      description: `Redrives all dead letters of a model that are there now. ${OPERATORS_ONLY}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      resolve: async (_root, { model }, { deadLetters, requireOperator, trace }) => {
        await requireOperator();
        return deadLetters.redriveAll(model, trace);
      },
    }),
  );
  builder.mutationField('discardDeadLetter', (t) =>
    t.field({
      type: letterRef,
      description: `Removes a dead letter for good, and returns it. Errors: \`DEAD_LETTER_NOT_FOUND\`. ${OPERATORS_ONLY}`,
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: async (_root, { id }, { deadLetters, requireOperator }) => {
        await requireOperator();
        return deadLetters.discard(id);
      },
    }),
  );
  builder.subscriptionField('deadLetterAdded', (t) =>
    t.field({
      type: letterRef,
      description: `Each dead letter of a model that is stored from now on, on whichever gateway one subscribes. ${OPERATORS_ONLY}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      subscribe: async (_root, { model }, { deadLetters, requireOperator }) => {
        await requireOperator();
        return deadLetters.watch(model);
      },
      resolve: ({ letter }) => letter,
    }),
  );
}

function defineDeadLetter(builder: Builder, errorCodeRef: TaskErrorCodeRef) {
  return builder.objectRef<DeadLetter>('DeadLetter').implement({
    description: 'A job that could not be brought to a prediction, kept with the reason.',
    fields: (t) => ({
      id: t.exposeID('taskId', { description: 'Id of the task that died.' }),
      model: t.exposeString('model', { description: 'Name of the model.' }),
      modelVersion: t.string({
        description: 'Version of the model that it was for.',
        resolve: ({ subject }) => parseJobSubject(subject).version,
      }),
      code: t.expose('code', { type: errorCodeRef, description: 'Why it died, for programs.' }),
      reason: t.exposeString('reason', { description: 'Why it died, for people.' }),
      attempts: t.exposeInt('attempts', { description: 'How often a worker had taken it up.' }),
      lastWorker: t.exposeString('worker', { description: 'Id of the worker that had it last.' }),
      submittedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the task was accepted; null if the job cannot be read.',
        resolve: (letter) => readableJob(letter)?.submittedAt,
      }),
      diedAt: t.expose('diedAt', { type: 'DateTime', description: 'When the letter was written.' }),
      job: t.string({
        description: 'The job as it came, JSON unless it is malformed: docs/protocol.md tells its members.',
        resolve: ({ job }) => Buffer.from(job, 'base64').toString(),
      }),
      history: t.idList({
        description: 'Ids of the tasks that died with this job before, oldest first, the last 100.',
        resolve: (letter) => readableJob(letter)?.history ?? [],
      }),
    }),
  });
}

function readableJob(letter: DeadLetter): QueuedJob | undefined {
  try {
    return jobIn(letter);
  } catch {
    return undefined;
  }
}
