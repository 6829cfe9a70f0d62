/** Explains why ONNX Runtime cannot load a file, with advice. */

/** The advice, by the message of ONNX Runtime. The first match counts. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /not a registered function\/op|No Op registered|Could not find an implementation/,
    'Only operators of ONNX itself and of ONNX Runtime can be run, not those of an extension or of a newer ONNX: export the model without that operator, or for an older operator set',
  ],
  [
    /IR version|opset/i,
    'It was made for a newer ONNX: export it for an older one (skl2onnx: target_opset; torch: opset_version)',
  ],
  [
    /external data/i,
    'It keeps its weights in another file: save it as a single file (onnx.save with save_as_external_data=False)',
  ],
  [
    /Unsupported data type/,
    'An input or output has a type that cannot be served, such as bfloat16 (16): convert it inside the graph, with a Cast',
  ],
  [
    /cannot be read as protobuf|Protobuf parsing failed|does not have a graph/,
    'It is not an ONNX file, or it is incomplete: compare its size with that of the original',
  ],
];

/** @param reason the message of ONNX Runtime. @returns the message without paths, with advice. */
export function loadAdvice(source: string, reason: string): string {
  const words = reason
    .replace(/^Load model from .*? failed:/s, '')
    .replace(/^\/\S+:\d+ .*?\) (?=[A-Z])/s, '')
    .replaceAll(/"[^"]*\/([^"/]+)"/g, '$1')
    .trim()
    .replace(/\.$/, '');
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(words)) ?? [];
  return `${source} cannot be loaded: ${words}.${advice === undefined ? '' : ` ${advice}.`}`;
}
