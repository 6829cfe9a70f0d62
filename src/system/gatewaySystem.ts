/** What a gateway tells of itself and of the whole system, put together. */
import type { Broker } from '../broker/broker.ts';
import { ProcessRole } from '../contract/messages/figures.ts';
import type { TaskMetrics } from '../metrics/taskMetrics.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import { gatewayFigures } from './gatewayFigures.ts';
import { OwnFigures } from './ownFigures.ts';
import { Pauses } from './pauses.ts';
import { Places } from './places.ts';
import { ProcessFigures } from './processFigures.ts';
import type { Queues } from './queues.ts';
import { SystemStats, type SystemStatsOptions } from './systemStats.ts';

export interface GatewaySystemOptions extends Omit<SystemStatsOptions, 'queues' | 'processes' | 'watches'> {
  readonly broker: Broker;
  /** Of this gateway. */
  readonly id: string;
  readonly queues: Queues;
  readonly counted: TaskMetrics;
  readonly server: { readonly countConnections: () => Promise<number> };
  readonly watches: Pick<TaskWatches, 'reserve' | 'count'>;
}

export interface GatewaySystem extends Disposable {
  readonly stats: SystemStats;
  readonly places: Places;
  readonly pauses: Pauses;
}

export function openGatewaySystem(options: GatewaySystemOptions): GatewaySystem {
  const { broker, id, models, counted, server, watches } = options;
  const opened = new DisposableStack();
  const more = async () =>
    gatewayFigures({
      models,
      counted,
      connections: await server.countConnections(),
      subscriptions: watches.count,
    });
  opened.use(new OwnFigures({ broker, id, role: ProcessRole.Gateway, more }));
  const processes = opened.use(new ProcessFigures({ broker, models }));
  return {
    stats: opened.use(new SystemStats({ ...options, processes })),
    places: new Places(options),
    pauses: new Pauses(options),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}
