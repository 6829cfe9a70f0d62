/** Which tool made an ONNX file, and what to write in that tool for what stands in the way of serving the file. */
import { nodesOf, type OnnxModel } from './onnxFile.ts';

/** What may have to be changed where the file is exported. */
export type Change = 'operator' | 'type' | 'version' | 'width' | 'sequence' | 'random';

export interface Exporter {
  readonly name: string;
  readonly wayOut: (change: Change) => string;
}

type WaysOut = Readonly<Record<Change, string>>;

const ANY: WaysOut = {
  operator: 'export the model without that operator, or do its work before and after the model',
  type: 'put a Cast to float32 behind the input, and one before the output',
  version: 'export it for an older operator set',
  width: 'export it with fixed sizes for all dimensions but the first',
  sequence: 'export it with a tensor instead',
  random: 'export it for inference, without operators of chance',
};

const PYTORCH: WaysOut = {
  operator:
    'leave the function that makes it out of forward(), or write it with operators of ONNX (torch.onnx.export(…, custom_translation_table=…))',
  type: 'call model.float() before torch.onnx.export, and give float32 inputs',
  version: 'torch.onnx.export(…, opset_version=17)',
  width: 'torch.onnx.export(…, dynamic_axes={"x": {0: "batch"}}), without the other dimensions',
  sequence: 'return tensors from forward(), not lists: torch.stack(…), or torch.cat(…)',
  random: 'call model.eval() before torch.onnx.export',
};

const SKLEARN: WaysOut = {
  ...ANY,
  operator: 'register a converter that uses operators of ONNX (skl2onnx.update_registered_converter)',
  type: 'to_onnx(model, initial_types=[("x", FloatTensorType([None, k]))])',
  version: 'to_onnx(…, target_opset={"": 17, "ai.onnx.ml": 3})',
  width: 'to_onnx(model, initial_types=[("x", FloatTensorType([None, k]))]), with the number of columns as k',
  sequence: 'to_onnx(…, options={"zipmap": False})',
};

const TENSORFLOW: WaysOut = {
  ...ANY,
  operator: 'python -m tf2onnx.convert … without --extra_opset and --custom-ops',
  type: 'tf.cast(x, tf.float32) inside the model',
  version: 'python -m tf2onnx.convert … --opset 17',
  width: 'python -m tf2onnx.convert … --inputs "x:0[-1,224,224,3]"',
  random: 'export it with training=False',
};

const ML_TOOLS: WaysOut = {
  ...SKLEARN,
  version: 'onnxmltools.convert_…(…, target_opset=15)',
  width: 'onnxmltools.convert_…(model, initial_types=[("x", FloatTensorType([None, k]))])',
  sequence: 'onnxmltools.convert_…(…, zipmap=False)',
};

const ML_NET: WaysOut = {
  ...ANY,
  operator: 'leave the transform that makes it out of the pipeline of ConvertToOnnx',
  version: 'mlContext.Model.ConvertToOnnx(model, data, 12, stream)',
  width: 'give the columns a fixed size: [VectorType(k)]',
};

const PADDLE: WaysOut = {
  ...ANY,
  operator: 'paddle2onnx … --enable_onnx_checker True tells which operator has no counterpart',
  version: 'paddle2onnx … --opset_version 17',
  width: 'python -m paddle2onnx.optimize --input_model … --input_shape_dict "{\'x\': [-1, 3, 224, 224]}"',
};

/** By `producer_name`. The first match counts. */
const EXPORTERS: readonly (readonly [RegExp, string, WaysOut])[] = [
  [/^pytorch/i, 'PyTorch', PYTORCH],
  [/skl2onnx/i, 'skl2onnx', SKLEARN],
  [/tf2onnx|keras2onnx|tensorflow/i, 'tf2onnx', TENSORFLOW],
  [/onnxmltools|winmltools|coremltools/i, 'onnxmltools', ML_TOOLS],
  [/lightgbm/i, 'onnxmltools (LightGBM)', ML_TOOLS],
  [/xgboost/i, 'onnxmltools (XGBoost)', ML_TOOLS],
  [/ml\.net/i, 'ML.NET', ML_NET],
  [/paddle/i, 'paddle2onnx', PADDLE],
  [
    /catboost/i,
    'CatBoost',
    { ...ANY, type: 'model.save_model("model.onnx", format="onnx") with float features' },
  ],
];

export function exporterOf(model: OnnxModel): Exporter {
  const { producerName, producerVersion } = model;
  const [, known, waysOut] = EXPORTERS.find(([pattern]) => pattern.test(producerName)) ?? [];
  if (waysOut === undefined)
    return { name: producerName || 'an unnamed tool', wayOut: (change) => ANY[change] };
  const flavour = waysOut === PYTORCH ? pytorchFlavour(model) : '';
  return {
    name: [known, producerVersion].filter(Boolean).join(' ') + flavour,
    wayOut: (change) => waysOut[change],
  };
}

/** The default exporter since PyTorch 2.9 keeps the functions of onnxscript, or writes metadata to each node. */
function pytorchFlavour(model: OnnxModel): string {
  const isDefault =
    model.functions.some(({ domain }) => domain.startsWith('pkg.')) ||
    nodesOf(model).some(({ name }) => /^node_/.test(name));
  return isDefault ? ' (torch.export)' : ' (TorchScript)';
}
