/** The two mutations of each model, made from its manifest, and the options that all mutations take. */

import { MAX_BATCH_ROWS } from '../src/contract/rowBatchShape.ts';
import { MAX_LABEL_LENGTH, MAX_LABELS, MAX_TIMEOUT_MS } from '../src/contract/task.ts';
import type { Model } from '../src/models/models.ts';
import {
  MAX_AFFINITY_KEY_LENGTH,
  MAX_REQUEST_ID_LENGTH,
  MAX_WAIT_MS,
  MIN_TIMEOUT_MS,
} from '../src/tasks/taskOptions.ts';
import type { Builder, Context } from './builder.ts';
import { defineBytesInput } from './bytesInput.ts';
import { defineEnums } from './modelEnums.ts';
import { defineInput } from './modelInput.ts';
import type { TaskRef } from './task.ts';
import type { PriorityRef } from './taskPriority.ts';
import { defineTensorInputs } from './tensorInput.ts';

/** The points of complexity of a row batch. By default an operation may submit one. */
const BATCH_POINTS = 500;

interface Refs {
  readonly taskRef: TaskRef;
  readonly priorityRef: PriorityRef;
}

export function definePredictions(
  builder: Builder,
  models: readonly Model[],
  { taskRef, priorityRef }: Refs,
): void {
  const optionsInput = builder.inputType('TaskOptions', {
    description: 'The options of a task.',
    fields: (t) => ({
      requestId: t.string({
        description: `Makes a retry safe: the same requestId returns the first task instead of a second one, as long as results are kept. It belongs to the owner: without a login all clients are one, so use a random UUID, and keep it as secret as a task id. 1 to ${MAX_REQUEST_ID_LENGTH} characters. Another input with the same requestId is refused with \`REQUEST_ID_CONFLICT\`.`,
      }),
      timeoutMs: t.int({
        description: `The time from submission until an unfinished task expires, in milliseconds: ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}. Default: the model's.`,
      }),
      priority: t.field({
        type: priorityRef,
        description:
          'How urgent the task is. Default: `INTERACTIVE`. A row batch has a queue of its own, and cannot be `INTERACTIVE`.',
      }),
      modelVersion: t.string({
        description:
          'The version that must answer, as `models` lists it. Default: the rollout of the model decides; without a rollout, the newest served version answers.',
      }),
      waitMs: t.int({
        description: `For clients that cannot subscribe: how long the mutation waits for the end of the task, in milliseconds. If the time is over first, the task is returned as it is then. 0 to ${MAX_WAIT_MS}. Default: 0.`,
      }),
      labels: t.stringList({
        description: `Texts by which \`tasks\` finds the task again, such as the name of a report. ${MAX_LABELS} at most, of 1 to ${MAX_LABEL_LENGTH} characters. They have no other effect.`,
      }),
      affinityKey: t.string({
        description: `Tasks with the same key, such as the id of a user, are answered by the same version, as long as the weights of the rollout allow it. The key has no other effect and is not stored. 1 to ${MAX_AFFINITY_KEY_LENGTH} characters.`,
      }),
    }),
  });

  const inputTypes = {
    tensors: defineTensorInputs(builder, models),
    bytesRef: defineBytesInput(builder, models),
    enumRefs: defineEnums(builder, models),
  };
  for (const model of models) {
    const { manifest } = model;
    const modelInput = defineInput(builder, manifest, inputTypes);
    builder.mutationField(manifest.graphql.mutation, (t) =>
      t.field({
        type: taskRef,
        description: `Submits a task to the model ${manifest.name}. Returns it at once, still queued; with \`waitMs\`, once it has ended. ${manifest.description} Errors: \`BAD_USER_INPUT\`, \`NO_VERSION\`, \`QUEUE_FULL\`, \`GATEWAY_BUSY\`, \`REQUEST_ID_CONFLICT\`, \`BROKER_UNAVAILABLE\`, \`RATE_LIMITED\`, \`OWNER_QUOTA\`.`,
        args: {
          input: t.arg({ type: modelInput, required: true, description: 'The input of the model.' }),
          options: t.arg({ type: optionsInput, description: 'The options of the task.' }),
        },
        resolve: (_root, { input, options: given }, context) => {
          const { submissions, owner, limitedKey, trace } = context;
          const options = given ?? {};
          const gone = goneFor(options, context);
          return submissions.submit({ model, input, options, owner, limitedKey, trace, gone });
        },
      }),
    );
    builder.mutationField(manifest.graphql.batchMutation, (t) =>
      t.field({
        type: taskRef,
        extensions: { points: BATCH_POINTS },
        description: `Submits many rows to the model ${manifest.name} as one task, a row batch. Returns it at once, still queued; with \`waitMs\`, once it has ended. Either all rows are accepted, or none. A row that fails later has its own error. \`taskUpdates\` shows the progress, \`batch\` the result of each row. ${BATCH_POINTS} points of complexity. Errors: as for \`${manifest.graphql.mutation}\`; a row batch is refused with \`QUEUE_FULL\` once the queue is 80 % full.`,
        args: {
          inputs: t.arg({
            type: [modelInput],
            required: true,
            description: `The inputs of the rows: 1 to ${MAX_BATCH_ROWS}, if they fit into one request (\`MAX_BODY_BYTES\` of the gateway).`,
          }),
          options: t.arg({ type: optionsInput, description: 'The options of the task.' }),
        },
        resolve: (_root, { inputs, options: given }, context) => {
          const { submissions, owner, limitedKey, trace } = context;
          const options = given ?? {};
          const gone = goneFor(options, context);
          return submissions.submitRowBatch({ model, inputs, options, owner, limitedKey, trace, gone });
        },
      }),
    );
  }
}

/** Only a task that is waited for needs to know when its client leaves. */
function goneFor(options: { readonly waitMs?: number | null | undefined }, context: Context) {
  return options.waitMs == null ? undefined : context.gone;
}
