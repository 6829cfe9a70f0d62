/** Explains why ONNX Runtime cannot load or run a file, with the way out for the tool that made it. */
import type { Change, Exporter } from './onnx/exporter.ts';

/** The advice, by the message of ONNX Runtime. The first match counts. */
const ADVICE: readonly (readonly [RegExp, string, Change?])[] = [
  [
    /not a registered function\/op|No Op registered|Could not find an implementation/,
    'Only operators of ONNX itself and of ONNX Runtime can be run, not those of an extension or of a newer ONNX',
    'operator',
  ],
  [/IR version|opset/i, 'It was made for a newer ONNX', 'version'],
  [/Unsupported data type/, 'An input or output has a type that cannot be served', 'type'],
  [
    /locale/,
    'The operator StringNormalizer needs the locale en_US.UTF-8: on Debian and Ubuntu the package locales-all brings it',
  ],
  [
    /cannot be read as protobuf|Protobuf parsing failed|does not have a graph/,
    'It is not an ONNX file, or it is incomplete: compare its size with that of the original',
  ],
];

/** @param reason the message of ONNX Runtime. @returns the message without paths, with advice. */
export function loadAdvice(source: string, reason: string, exporter: Exporter): string {
  const words = plainReason(reason);
  const [, advice, change] = ADVICE.find(([pattern]) => pattern.test(words)) ?? [];
  if (advice === undefined) return `${source} cannot be loaded: ${words}.`;
  const wayOut = change === undefined ? '' : `: ${exporter.wayOut(change)}`;
  return `${source} cannot be loaded: ${words}. ${advice}${wayOut}.`;
}

/** A message of ONNX Runtime without its place in the source code, and without paths of this machine. */
export function plainReason(reason: string): string {
  return reason
    .replace(/^Load model from .*? failed:/s, '')
    .replaceAll(/\/onnxruntime_src\/\S+?:\d+ .*?\) (?=[A-Za-z])/gs, '')
    .replace(/^\/\S+:\d+ .*?\) (?=[A-Z])/s, '')
    .replaceAll(/"[^"]*\/([^"/]+)"/g, '$1')
    .replace(/^Non-zero status code returned while running /, '')
    .trim()
    .replace(/\.$/, '');
}
