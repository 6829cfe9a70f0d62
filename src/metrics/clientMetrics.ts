/** What a gateway tells of its clients, and of how many tasks it follows for them. */
import type { EdgeEvents } from '../edge/edgeEvents.ts';
import type { OpenTasks } from '../tasks/openTasks.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import type { Metrics } from './metrics.ts';

export interface ClientMetricsOptions {
  readonly metrics: Metrics;
  readonly server: {
    readonly events: Pick<EdgeEvents, 'on'>;
    readonly countConnections: () => Promise<number>;
  };
  readonly open: Pick<OpenTasks, 'size'>;
  readonly watches: Pick<TaskWatches, 'count'>;
}

export function addClientMetrics({ metrics, server, open, watches }: ClientMetricsOptions): Disposable {
  const slowClients = metrics.counter({
    name: 'tidings_slow_clients_total',
    help: 'Connections that were closed because their clients did not read.',
    labels: ['transport'],
  });
  // A counter that begins at 0 shows its first event as an increase.
  for (const transport of ['websocket', 'http']) slowClients.of(transport);
  metrics.gauge(
    { name: 'tidings_connections', help: 'Connections that are open, WebSockets included.', labels: [] },
    async () => [[[], await server.countConnections()]],
  );
  metrics.gauge(
    {
      name: 'tidings_subscriptions',
      help: 'Places of MAX_SUBSCRIPTIONS that are taken: subscriptions, and mutations that wait.',
      labels: [],
    },
    () => [[[], watches.count]],
  );
  metrics.gauge(
    { name: 'tidings_open_tasks', help: 'Unfinished tasks that this gateway follows.', labels: [] },
    () => [[[], open.size]],
  );
  return server.events.on('tooSlow', ({ transport }) => slowClients.of(transport).add());
}
