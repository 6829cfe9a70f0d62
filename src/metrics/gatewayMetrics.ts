/** The metrics of a gateway, put together: what it counts itself, and what it tells of the whole system. */
import type { Broker } from '../broker/broker.ts';
import { addBrokerMetrics } from './brokerMetrics.ts';
import { addClientMetrics, type ClientMetricsOptions } from './clientMetrics.ts';
import { addEvaluationMetrics, type EvaluationMetricsOptions } from './evaluationMetrics.ts';
import { addQueueMetrics, type QueueMetricsOptions } from './queueMetrics.ts';
import { TaskMetrics, type TaskMetricsOptions } from './taskMetrics.ts';

export interface GatewayMetricsOptions
  extends ClientMetricsOptions,
    QueueMetricsOptions,
    EvaluationMetricsOptions,
    TaskMetricsOptions {
  readonly broker: Pick<Broker, 'connected' | 'reconnects' | 'roundTripMs'>;
}

export interface GatewayMetrics extends Disposable {
  readonly tasks: TaskMetrics;
}

export function addGatewayMetrics(options: GatewayMetricsOptions): GatewayMetrics {
  const listening = new DisposableStack();
  addBrokerMetrics(options.metrics, options.broker);
  addQueueMetrics(options);
  addEvaluationMetrics(options);
  listening.use(addClientMetrics(options));
  const tasks = listening.use(new TaskMetrics(options));
  return { tasks, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
