/** Finds everything in an ONNX file that stands in the way of serving it, with the way out for its exporter. */
import { printable } from '../../../process/printable.ts';
import { elementTypeName, isServedType } from './elementTypes.ts';
import type { Exporter } from './exporter.ts';
import { nodesOf, type OnnxModel, type OnnxType, type OnnxValue } from './onnxFile.ts';

/** The operator sets that ONNX Runtime has. */
const KNOWN_DOMAINS = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.nchwc',
  'com.microsoft.experimental',
  'com.ms.internal.nhwc',
  'org.pytorch.aten',
]);

/** What brings the operators of other sets, and what to do without them. */
const EXTENSIONS: readonly (readonly [RegExp, string])[] = [
  [
    /^(ai\.onnx\.contrib|com\.microsoft\.extensions)$/,
    'the library onnxruntime-extensions, which Tidings does not load. It makes tokens from texts and pixels from pictures: export the model without that step, and let "kind": "text" or "image" in the manifest do it',
  ],
  [
    /mmdeploy|mmcv/,
    'the library mmdeploy: export the model with its ONNX Runtime backend, without the custom operators',
  ],
  [
    /^(TRT|trt|tensorrt|com\.nvidia)/,
    'plugins of TensorRT: export the model without them (for YOLO: without the NMS plugin)',
  ],
  [/openvino/, 'OpenVINO: export the model from its framework instead'],
];

/** @param model with its outputs unwrapped. @returns a sentence for each obstacle. */
export function obstaclesIn(
  model: OnnxModel,
  exporter: Exporter,
  leaveOut: readonly string[],
): readonly string[] {
  const { input = [], output = [], initializer = [] } = model.graph ?? {};
  const served = output.filter(({ name }) => !leaveOut.includes(name));
  const constants = new Set(initializer.map(({ name }) => name));
  return [
    ...operatorProblems(model, exporter),
    ...input
      .filter(({ name }) => !constants.has(name))
      .flatMap((value) => valueProblem(`The input ${value.name}`, value, exporter)),
    ...served.flatMap((value) =>
      valueProblem(`The output ${value.name}`, value, exporter).map(
        (problem) => `${problem} Or leave it out: --leave-out ${value.name}.`,
      ),
    ),
    ...(served.length === 0 ? ['No output is left.'] : []),
  ].map(printable);
}

function operatorProblems(model: OnnxModel, exporter: Exporter): string[] {
  const defined = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  const byDomain = new Map<string, Set<string>>();
  for (const { domain, opType } of nodesOf(model)) {
    if (KNOWN_DOMAINS.has(domain) || defined.has(`${domain}:${opType}`)) continue;
    byDomain.set(domain, (byDomain.get(domain) ?? new Set()).add(opType));
  }
  return [...byDomain].map(([domain, operators]) => {
    const names = [...operators].toSorted().join(', ');
    const [, library] = EXTENSIONS.find(([pattern]) => pattern.test(domain)) ?? [];
    const subject = `The ${operators.size === 1 ? 'operator' : 'operators'} ${names} of ${domain}`;
    return library === undefined
      ? `${subject} ${operators.size === 1 ? 'is' : 'are'} not in ONNX Runtime: ${exporter.wayOut('operator')}.`
      : `${subject} ${operators.size === 1 ? 'is' : 'are'} in ${library}.`;
  });
}

function valueProblem(subject: string, { type }: OnnxValue, exporter: Exporter): string[] {
  if (type === null || type === undefined) return [];
  const { tensorType } = type;
  if (tensorType == null)
    return [
      `${subject} is ${holderOf(type)}, and only tensors can be served: ${exporter.wayOut('sequence')}.`,
    ];
  const { elemType } = tensorType;
  if (elemType === 0 || isServedType(elemType)) return [];
  return [
    `${subject} has the type ${elementTypeName(elemType)}, which ONNX Runtime's binding cannot open: ${exporter.wayOut('type')}.`,
  ];
}

function holderOf({ sequenceType, mapType, optionalType }: OnnxType): string {
  if (sequenceType != null) return sequenceType.elemType?.mapType == null ? 'a sequence' : 'a list of maps';
  if (mapType != null) return 'a map';
  return optionalType == null ? 'no tensor' : 'an optional value';
}
