/**
 * The one registry of a process. It always counts. A scraper reads it at `METRICS_PORT`, if that is set; a supervisor, if
 * there is one, over its channel.
 */
import type { ProcessRole } from '../contract/messages/figures.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { ProcessContext } from '../process/runProcess.ts';
import { Metrics } from './metrics.ts';
import { MetricsServer, type Readiness } from './metricsServer.ts';
import { addProcessMetrics } from './processMetrics.ts';

export interface OpenMetricsOptions extends Readiness {
  readonly config: Pick<Config, 'metricsHost' | 'metricsPort'>;
  readonly role: ProcessRole;
  readonly answerSupervisor: ProcessContext['answerSupervisor'];
  readonly log: Logger;
}

export interface OpenMetrics extends AsyncDisposable {
  readonly metrics: Metrics;
}

/** @throws {ConfigurationError} if `METRICS_PORT` cannot be had. */
export async function openMetrics(options: OpenMetricsOptions): Promise<OpenMetrics> {
  const { config, role, problem, answerSupervisor, log } = options;
  await using opened = new AsyncDisposableStack();
  const metrics = new Metrics();
  opened.use(await addProcessMetrics(metrics, role));
  const read = () => metrics.read();
  const server = opened.use(await MetricsServer.open({ config, read, problem }));
  if (server !== undefined) log.info({ url: server.url }, 'metrics can be read');
  opened.use(answerSupervisor({ metrics: read, problem }));
  const closing = opened.move();
  return { metrics, [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose]() };
}
