/** The query `me`: who the client is, and how much it may. */
import type { Role } from '../src/contract/principal.ts';
import { QuotaName } from '../src/contract/quotas.ts';
import type { QuotaReport } from '../src/tasks/ownerQuotas.ts';
import type { Builder, Context } from './builder.ts';

export function defineMe(builder: Builder): void {
  const nameEnum = builder.enumType('QuotaName', {
    description: 'A quota of an owner or of an API key. One that is not set does not limit.',
    values: {
      TASKS_PER_SECOND: { value: QuotaName.TasksPerSecond, description: 'Tasks submitted in a second.' },
      COST_PER_MINUTE: {
        value: QuotaName.CostPerMinute,
        description:
          'Points of complexity of all operations in a minute, and one for each request of bytes and each 512 KiB of it.',
      },
      TASKS_UNFINISHED: {
        value: QuotaName.TasksUnfinished,
        description: 'Tasks that have not ended. A row batch is one.',
      },
      ROWS_QUEUED: { value: QuotaName.RowsQueued, description: 'Rows of the tasks that have not ended.' },
      BYTES_QUEUED: {
        value: QuotaName.BytesQueued,
        description: 'Bytes of the jobs of the tasks that have not ended.',
      },
      RESULT_BYTES: {
        value: QuotaName.ResultBytes,
        description: 'Bytes of the results and request ids that are kept, estimated when a task is accepted.',
      },
      BLOB_BYTES: {
        value: QuotaName.BlobBytes,
        description:
          'Bytes of the blobs that are kept, and of what the outputs of accepted tasks can take. A blob that is stored again after a minute counts again.',
      },
      SUBSCRIPTIONS: {
        value: QuotaName.Subscriptions,
        description:
          'Open subscriptions to tasks, and mutations that wait (`waitMs`). Each unfinished task of a `tasksUpdates` counts.',
      },
      ACTUALS: {
        value: QuotaName.Actuals,
        description: 'Reported actuals of tasks of the owner that are kept.',
      },
    } as const,
  });

  const roleEnum = builder.enumType('Role', {
    description: 'What a client may do.',
    values: {
      SUBMITTER: {
        value: 'submitter',
        description: 'Submits tasks, and reads, watches and cancels those of its owner.',
      },
      VIEWER: {
        value: 'viewer',
        description: 'Reads and watches the tasks of every owner, and changes nothing.',
      },
      OPERATOR: { value: 'operator', description: 'May do everything.' },
    } as const satisfies Readonly<Record<string, { readonly value: Role; readonly description: string }>>,
  });

  const quotaRef = builder.objectRef<QuotaReport>('Quota').implement({
    description: 'How much of something the client may use, and uses.',
    fields: (t) => ({
      name: t.expose('name', { type: nameEnum, description: 'What is limited.' }),
      limit: t.exposeFloat('limit', { description: 'How much may be used.' }),
      used: t.exposeFloat('used', {
        description:
          'How much is used now, in all gateways. What other gateways accepted in the last second may be missing.',
      }),
      resetsAt: t.expose('resetsAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When nothing of a rate counts as used, if nothing more is. Null for other quotas.',
      }),
    }),
  });

  const meRef = builder.objectRef<Context>('Me').implement({
    description: 'The client, as this gateway knows it.',
    fields: (t) => ({
      owner: t.exposeString('owner', { description: 'The owner of the tasks that the client submits.' }),
      roles: t.field({
        type: [roleEnum],
        description:
          'What the client may do. On a gateway without a login it is `OPERATOR` if the operator token came. Error: `TOO_MANY_ATTEMPTS`.',
        resolve: async (context) => [await roleOf(context)],
      }),
      quotas: t.field({
        type: [quotaRef],
        description:
          'The quotas of the owner and of the API key. If both have one of the same name, it is the one of which less is left. Empty if none is set.',
        resolve: (context) => [...context.quotas.report(context)],
      }),
    }),
  });

  builder.queryField('me', (t) =>
    t.field({
      type: meRef,
      description: 'Who the client is, and how much it may.',
      resolve: (_root, _args, context) => context,
    }),
  );
}

/** Without a login, the operator token is looked at only where it counts. */
async function roleOf({ principal, whyNoOperator }: Context): Promise<Role> {
  if (principal.role !== 'submitter') return principal.role;
  return (await whyNoOperator()) === undefined ? 'operator' : 'submitter';
}
