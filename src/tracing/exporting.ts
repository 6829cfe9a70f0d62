/**
 * Spans on their way to the collector, over OTLP/HTTP in protobuf. At most `MAX_WAITING` spans wait for it: more are
 * dropped. So a collector that is away costs lost spans and a line in the log, and nothing else.
 *
 * The libraries read the other variables of OpenTelemetry themselves: headers, timeouts, certificates, the name of the
 * service and attributes of the resource.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { messageOf } from '../contract/errors.ts';
import type { ProcessRole } from '../contract/messages/figures.ts';
import type { Logger } from '../process/log.ts';

/** The process that the spans are of. */
export interface TracedProcess {
  readonly role: ProcessRole;
  /** Tells processes of one role apart. */
  readonly id: string;
  readonly log: Logger;
}

const MAX_WAITING = 2_048;
const EXPORT_EVERY_MS = 1_000;
/** How long the last spans may take after a process was told to stop. */
const LAST_EXPORT_MS = 1_000;

export class Exporting implements AsyncDisposable {
  /** What all spans say of the process. */
  readonly resource: ReadableSpan['resource'];
  readonly #log: Logger;
  readonly #processor: BatchSpanProcessor;
  #waiting = 0;
  /** Whether the log has said that spans are dropped, since spans were exported last. */
  #isTold = false;

  constructor({ role, id, log }: TracedProcess) {
    this.#log = log;
    this.resource = resourceFromAttributes({
      'service.name': `tidings-${role}`,
      'service.instance.id': id,
    }).merge(detectResources({ detectors: [envDetector] }));
    this.#processor = new BatchSpanProcessor({
      exporter: this.#telling(new OTLPTraceExporter()),
      maxQueueSize: MAX_WAITING,
      scheduledDelayMillis: EXPORT_EVERY_MS,
    });
  }

  /** The number of spans that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  export(span: ReadableSpan): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#tell(`${MAX_WAITING} spans wait for the collector already`);
      return;
    }
    this.#waiting++;
    this.#processor.onEnd(span);
  }

  /** Exports what waits, for a second at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    const done = this.#processor.shutdown().catch(() => {});
    await Promise.race([done, sleep(LAST_EXPORT_MS, undefined, { ref: false })]);
  }

  #telling(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, onResult) =>
        exporter.export(spans, (result) => {
          this.#waiting -= spans.length;
          this.#note(result);
          onResult(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
  }

  #note({ code, error }: ExportResult): void {
    if (code === ExportResultCode.SUCCESS) this.#isTold = false;
    else this.#tell(messageOf(error));
  }

  #tell(reason: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#log.warn({ reason }, 'spans are dropped: the collector does not take them');
  }
}
