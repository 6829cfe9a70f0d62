/** The figures of the whole system, for viewers and operators: a query, and a subscription. */
import type { StoreState } from '../src/broker/broker.ts';
import { ProcessRole } from '../src/contract/messages/figures.ts';
import { AlertSeverity } from '../src/system/alertRules.ts';
import type { DatedAlert } from '../src/system/firingAlerts.ts';
import type { ModelStats, ProcessStats } from '../src/system/rates.ts';
import type { SystemFigures } from '../src/system/systemStats.ts';
import type { Builder } from './builder.ts';
import type { QueueStatsRef } from './queueStats.ts';
import type { WorkerRef } from './system.ts';

/** The points of complexity of the figures: all processes are asked. */
const POINTS = 50;
/** Viewers read the tasks of every owner, so the figures of all tell them nothing more. */
const ASKED = { action: 'systemStats', viewersMay: true };
const PURPOSE = `For viewers and operators (\`FORBIDDEN\`). ${POINTS} points of complexity.`;

export function defineSystemStats(builder: Builder, queueRef: QueueStatsRef, workerRef: WorkerRef): void {
  const statsRef = builder.objectRef<SystemFigures>('SystemStats').implement({
    description:
      'The figures of the whole system. A process that does not answer is not in them, and while the broker is away no queue and no stream is.',
    fields: (t) => ({
      at: t.expose('at', { type: 'DateTime', description: 'When they were computed.' }),
      processes: t.expose('processes', {
        type: [defineProcess(builder, workerRef)],
        description: 'The processes, by role and id.',
      }),
      models: t.expose('models', { type: [defineModelStats(builder)], description: 'The models, by name.' }),
      queues: t.expose('queues', { type: [queueRef], description: 'The queues of all models.' }),
      stores: t.expose('stores', {
        type: [defineStore(builder)],
        description: 'The streams of the broker, by name.',
      }),
      alerts: t.expose('alerts', {
        type: [defineAlert(builder)],
        description: 'What needs attention now, the most urgent first.',
      }),
    }),
  });

  builder.queryField('systemStats', (t) =>
    t.field({
      type: statsRef,
      extensions: { points: POINTS },
      description: `The present figures of the system. ${PURPOSE}`,
      resolve: async (_root, _args, context) => {
        await context.audit.admit(context, ASKED);
        return context.system.present();
      },
    }),
  );
  builder.subscriptionField('systemStats', (t) =>
    t.field({
      type: statsRef,
      extensions: { points: POINTS },
      description: `Delivers the figures of the system at once, and then every second. They are computed once for all subscribers of a gateway, and a slow one gets the newest. Errors: \`GATEWAY_BUSY\`, \`OWNER_QUOTA\`. ${PURPOSE}`,
      subscribe: async (_root, _args, context) => {
        await context.audit.admit(context, ASKED);
        return context.system.watch(context);
      },
      resolve: (figures) => figures,
    }),
  );
}

function defineProcess(builder: Builder, workerRef: WorkerRef) {
  const roleEnum = builder.enumType('ProcessRole', {
    description: 'What a process does.',
    values: {
      GATEWAY: { value: ProcessRole.Gateway, description: 'Takes requests of clients.' },
      WORKER: { value: ProcessRole.Worker, description: 'Runs models.' },
      TRAINER: { value: ProcessRole.Trainer, description: 'Works on trainings and checks of datasets.' },
    } as const,
  });
  return builder.objectRef<ProcessStats>('ProcessStats').implement({
    description: 'The figures of a process. Those over time are means of the last second or two.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Id of the process, new with every start.' }),
      role: t.expose('role', { type: roleEnum, description: 'What it does.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        description: 'When it started, by its own clock.',
      }),
      cpuCores: t.exposeFloat('cpuCores', {
        description: 'How many processor cores it used, without the processes that it has started.',
      }),
      memoryBytes: t.exposeFloat('memoryBytes', {
        description: 'Its resident memory in bytes, without the processes that it has started.',
      }),
      eventLoopDelayMs: t.exposeFloat('eventLoopDelayMs', {
        description: 'How late its event loop was at most, in milliseconds.',
      }),
      busy: t.exposeFloat('busy', {
        nullable: true,
        description: "The share of a worker's slots that were taken, from 0 to 1. Null for other processes.",
      }),
      connections: t.exposeInt('connections', {
        nullable: true,
        description: 'Open connections of clients to a gateway. Null for other processes.',
      }),
      subscriptions: t.exposeInt('subscriptions', {
        nullable: true,
        description: 'Open subscriptions at a gateway. Null for other processes.',
      }),
      worker: t.field({
        type: workerRef,
        nullable: true,
        description: 'What a worker serves. Null for other processes.',
        resolve: ({ id }, _args, { workers }) => workers.list().find((worker) => worker.id === id),
      }),
    }),
  });
}

function defineModelStats(builder: Builder) {
  const lastTenSeconds =
    'of the tasks that ended in the last 10 seconds, in milliseconds. Null without tasks.';
  return builder.objectRef<ModelStats>('ModelStats').implement({
    description: 'The figures of the tasks of a model, in all gateways.',
    fields: (t) => ({
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      acceptedPerSecond: t.exposeFloat('acceptedPerSecond', { description: 'Tasks accepted in a second.' }),
      succeededPerSecond: t.exposeFloat('succeededPerSecond', {
        description: 'Tasks in a second that succeeded.',
      }),
      failedPerSecond: t.exposeFloat('failedPerSecond', {
        description: 'Tasks in a second that failed or expired.',
      }),
      refusedPerSecond: t.exposeFloat('refusedPerSecond', {
        description: 'Tasks in a second that were not accepted.',
      }),
      p50Ms: t.exposeFloat('p50Ms', {
        nullable: true,
        description: `The median time from submission to end, about, ${lastTenSeconds}`,
      }),
      p99Ms: t.exposeFloat('p99Ms', {
        nullable: true,
        description: `The time within which 99 % ended, about, ${lastTenSeconds}`,
      }),
    }),
  });
}

function defineStore(builder: Builder) {
  return builder.objectRef<StoreState>('StoreStats').implement({
    description: 'A stream of the broker.',
    fields: (t) => ({
      name: t.exposeString('name', {
        description: 'Name of the stream: `JOBS_` and a model for its queue, `ENDS` for results, and others.',
      }),
      messages: t.exposeFloat('messages', { description: 'Number of its messages.' }),
      bytes: t.exposeFloat('bytes', { description: 'What they take, in bytes.' }),
      maxBytes: t.exposeFloat('maxBytes', {
        nullable: true,
        description: 'What they may take, in bytes. Null without a limit.',
      }),
    }),
  });
}

function defineAlert(builder: Builder) {
  const severityEnum = builder.enumType('AlertSeverity', {
    description: 'How urgent an alert is.',
    values: {
      WARNING: { value: AlertSeverity.Warning, description: 'Somebody should look at it today.' },
      CRITICAL: { value: AlertSeverity.Critical, description: 'Tasks fail or wait: look at it now.' },
    } as const,
  });
  return builder.objectRef<DatedAlert>('Alert').implement({
    description:
      'Something that needs attention. It is there once its condition has held for a while, and as long as it holds.',
    fields: (t) => ({
      name: t.exposeString('name', {
        description: 'Its name, as in the alert rules for Prometheus.',
      }),
      severity: t.expose('severity', { type: severityEnum, description: 'How urgent it is.' }),
      summary: t.exposeString('summary', { description: 'What is wrong, in a sentence.' }),
      advice: t.exposeString('advice', { description: 'What to do.' }),
      modelName: t.exposeString('model', {
        nullable: true,
        description: 'Name of the model that it is about; null if it is about none.',
      }),
      since: t.expose('since', {
        type: 'DateTime',
        description:
          'Since when this gateway has seen it. It looks every 15 seconds, and every second while somebody watches.',
      }),
    }),
  });
}
