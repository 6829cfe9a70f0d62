/** One mutation per model, made from its manifest, and the options all of them take. */

import { MAX_BATCH_ROWS } from '../src/contract/rowBatchShape.ts';
import { MAX_TIMEOUT_MS } from '../src/contract/task.ts';
import type { Model } from '../src/models/models.ts';
import {
  MAX_AFFINITY_KEY_LENGTH,
  MAX_REQUEST_ID_LENGTH,
  MAX_WAIT_MS,
  MIN_TIMEOUT_MS,
  TaskPriority,
} from '../src/tasks/taskOptions.ts';
import type { Builder } from './builder.ts';
import { defineInput } from './modelInput.ts';
import type { TaskRef } from './task.ts';

/** Points of complexity: by default an operation may submit one batch. */
const BATCH_POINTS = 500;

export function definePredictions(builder: Builder, models: readonly Model[], taskRef: TaskRef): void {
  const priorityEnum = builder.enumType('TaskPriority', {
    description: 'Who waits for a task. Neither kind starves the other.',
    values: {
      [TaskPriority.Interactive]: {
        description: 'Somebody waits: under pressure it has eight times the run time of `BULK`.',
      },
      [TaskPriority.Bulk]: {
        description:
          'It can wait: it never delays an `INTERACTIVE` task of the same version by more than one run, and is refused with `QUEUE_FULL` once the queue is filled to 80 %.',
      },
    } as const,
  });

  const optionsInput = builder.inputType('TaskOptions', {
    description: 'How a task is to be run.',
    fields: (t) => ({
      requestId: t.string({
        description: `Makes a retry safe: the same requestId returns the first task instead of a second one, for as long as results are kept. All clients share them, so use a random UUID, and keep it as secret as a task id. 1 to ${MAX_REQUEST_ID_LENGTH} characters; another input under the same requestId is a \`REQUEST_ID_CONFLICT\`.`,
      }),
      timeoutMs: t.int({
        description: `From submission until an unfinished task expires, in milliseconds: ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}. Default: the model's.`,
      }),
      priority: t.field({
        type: priorityEnum,
        description: 'Default: `INTERACTIVE`. A batch has a lane of its own, and cannot be `INTERACTIVE`.',
      }),
      modelVersion: t.string({
        description:
          "Pins a version, as `models` lists them. Default: as the model's rollout says; without one, the newest that is served.",
      }),
      waitMs: t.int({
        description: `For clients that cannot subscribe: returns the task once it has ended, or after so many milliseconds as it is then. 0 to ${MAX_WAIT_MS}. Default: 0, at once.`,
      }),
      affinityKey: t.string({
        description: `Tasks with the same key are answered by the same version, as long as the rollout gives it their share: the id of a user, for one. It decides nothing else and is not kept. 1 to ${MAX_AFFINITY_KEY_LENGTH} characters.`,
      }),
    }),
  });

  for (const model of models) {
    const { manifest } = model;
    const modelInput = defineInput(builder, manifest);
    builder.mutationField(manifest.graphql.mutation, (t) =>
      t.field({
        type: taskRef,
        description: `Submits a task to the model ${manifest.name} and returns it at once, queued, unless \`waitMs\` lets it end first. ${manifest.description} Errors: \`BAD_USER_INPUT\`, \`NO_VERSION\`, \`QUEUE_FULL\`, \`GATEWAY_BUSY\`, \`REQUEST_ID_CONFLICT\`, \`BROKER_UNAVAILABLE\`.`,
        args: {
          input: t.arg({ type: modelInput, required: true, description: 'What to predict for.' }),
          options: t.arg({ type: optionsInput, description: 'How to run it.' }),
        },
        resolve: (_root, { input, options }, { submissions, owner, trace, gone }) =>
          submissions.submit({ model, input, options: options ?? {}, owner, trace, gone }),
      }),
    );
    builder.mutationField(manifest.graphql.batchMutation, (t) =>
      t.field({
        type: taskRef,
        extensions: { points: BATCH_POINTS },
        description: `Submits many rows to the model ${manifest.name} as one task, and returns it at once, queued, unless \`waitMs\` lets it end first. All rows are accepted or none; one that fails later has an error of its own. \`taskUpdates\` shows how far it is, \`batch\` what came of each row. ${BATCH_POINTS} points of complexity. Errors: as \`${manifest.graphql.mutation}\`; a batch is refused with \`QUEUE_FULL\` once the queue is filled to 80 %.`,
        args: {
          inputs: t.arg({
            type: [modelInput],
            required: true,
            description: `What to predict for: 1 to ${MAX_BATCH_ROWS} rows, or as many as fit into one request (\`MAX_BODY_BYTES\` of the gateway).`,
          }),
          options: t.arg({ type: optionsInput, description: 'How to run it.' }),
        },
        resolve: (_root, { inputs, options }, { submissions, owner, trace, gone }) =>
          submissions.submitRowBatch({ model, inputs, options: options ?? {}, owner, trace, gone }),
      }),
    );
  }
}
