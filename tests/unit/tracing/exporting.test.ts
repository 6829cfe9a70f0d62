import { SpanKind } from '@opentelemetry/api';
import { afterEach, expect, test, vi } from 'vitest';
import { Exporting } from '../../../src/tracing/exporting.ts';
import { newSpan, newTraceId, recordSpan } from '../../../src/tracing/spans.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/freePort.ts';
import { SILENT } from '../../support/models.ts';

afterEach(() => vi.unstubAllEnvs());

function record(exporting: Exporting, count: number): void {
  const told = { name: 'push', kind: SpanKind.INTERNAL, parent: undefined, startedAt: 1, endedAt: 2 };
  for (let i = 0; i < count; i++)
    recordSpan({ ...told, span: newSpan(newTraceId()), attributes: {} }, exporting);
}

test('a collector that is away is told once in the log, and spans beyond the limit are dropped', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${await freePort()}`);
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '50');
  const warn = vi.spyOn(SILENT, 'warn');
  await using exporting = new Exporting({ role: 'gateway', id: 'gateway-1', log: SILENT });
  record(exporting, 3_000);
  expect(warn.mock.calls).toMatchObject([
    [{ reason: '2048 spans wait for the collector already' }, expect.any(String)],
  ]);
  record(exporting, 1);
  await eventually(
    () => exporting.waiting,
    (waiting) => waiting < 2_048,
  );
  record(exporting, 10);
  expect(warn).toHaveBeenCalledTimes(1);
});
