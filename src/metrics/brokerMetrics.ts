/** What a process tells of its connection to the broker. */
import type { Broker } from '../broker/broker.ts';
import type { Metrics } from './metrics.ts';

const MS = 1_000;

export function addBrokerMetrics(
  metrics: Metrics,
  broker: Pick<Broker, 'connected' | 'reconnects' | 'roundTripMs'>,
): void {
  metrics.gauge(
    {
      name: 'tidings_broker_connected',
      help: '1 while the process is connected to the broker, else 0.',
      labels: [],
    },
    () => [[[], broker.connected ? 1 : 0]],
  );
  metrics.observedCounter(
    {
      name: 'tidings_broker_reconnects_total',
      help: 'How often the connection to the broker came back after it was lost.',
      labels: [],
    },
    () => [[[], broker.reconnects]],
  );
  metrics.gauge(
    {
      name: 'tidings_broker_round_trip_seconds',
      help: 'From a question to the broker until its answer, the last time. One is asked every 10 s.',
      labels: [],
    },
    () => (broker.roundTripMs === undefined ? [] : [[[], broker.roundTripMs / MS]]),
  );
}
