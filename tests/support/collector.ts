/** A collector of OpenTelemetry: takes spans over OTLP/HTTP in protobuf, and keeps them. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';
import { eventually } from './eventually.ts';

export interface CollectedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty if the trace begins with it. */
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** The ids of the spans that it has links to. */
  readonly links: readonly string[];
  readonly isError: boolean;
  /** Attributes of the process that has sent it. */
  readonly resource: Readonly<Record<string, string>>;
}

export interface Collector extends AsyncDisposable {
  /** The base address, for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** The headers of the last export. */
  readonly headers: IncomingHttpHeaders;
  /** The spans of a trace, once they have all these names. */
  traceWith(traceId: string, names: readonly string[]): Promise<readonly CollectedSpan[]>;
}

// The part of opentelemetry/proto/collector/trace/v1/trace_service.proto that spans of Tidings use.
const EXPORT = protobuf
  .parse(`
syntax = "proto3";
message Export { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; Kind kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  repeated Link links = 13; Status status = 15;
}
enum Kind { UNSPECIFIED = 0; INTERNAL = 1; SERVER = 2; CLIENT = 3; PRODUCER = 4; CONSUMER = 5; }
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`)
  .root.lookupType('Export');

const ERROR = 2;

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly startTimeUnixNano: number;
  readonly endTimeUnixNano: number;
  readonly attributes: readonly KeyValue[];
  readonly links: readonly { readonly spanId: Uint8Array }[];
  readonly status: { readonly code: number } | null;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  let headers: IncomingHttpHeaders = {};
  const server = createServer(async (request, response) => {
    headers = request.headers;
    const isExport = request.url === '/v1/traces' && headers['content-type'] === 'application/x-protobuf';
    if (isExport) spans.push(...spansIn(await buffer(request)));
    response.writeHead(isExport ? 200 : 404).end();
  });
  server.listen(0, '127.0.0.1');
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.on('listening', resolve);
  await listening;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    get headers() {
      return headers;
    },
    traceWith: (traceId, names) =>
      eventually(
        () => spans.filter((span) => span.traceId === traceId),
        (ofTrace) => names.every((name) => ofTrace.some((span) => span.name === name)),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function spansIn(body: Uint8Array): CollectedSpan[] {
  const shown = { longs: Number, enums: String, defaults: true, arrays: true } as const;
  const { resourceSpans } = EXPORT.toObject(EXPORT.decode(body), shown) as Exported;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => spanOf(span, valuesOf(resource.attributes)))),
  );
}

function spanOf(raw: RawSpan, resource: CollectedSpan['resource']): CollectedSpan {
  const { name, kind, traceId, spanId, parentSpanId, attributes, links, status } = raw;
  return {
    ...{ name, kind, resource },
    traceId: traceId.toHex(),
    spanId: spanId.toHex(),
    parentSpanId: parentSpanId.toHex(),
    startMs: raw.startTimeUnixNano / 1e6,
    endMs: raw.endTimeUnixNano / 1e6,
    attributes: valuesOf(attributes),
    links: links.map((link) => link.spanId.toHex()),
    isError: status?.code === ERROR,
  };
}

function valuesOf(attributes: readonly KeyValue[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [given] = ['stringValue', 'intValue', 'doubleValue', 'boolValue'].flatMap(
        (kind) => value[kind] ?? [],
      );
      return [key, String(given)];
    }),
  );
}
