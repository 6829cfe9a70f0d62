/** Tells what a file is that is no ONNX file, by its first bytes, and how to make an ONNX file from what it holds. */

interface Kind {
  readonly what: string;
  readonly wayOut: string;
  readonly matches: (bytes: Buffer) => boolean;
}

/** A file's content is looked for in so many bytes at its begin, and the names of an archive also at its end. */
const HEAD_BYTES = 4_096;
const TAIL_BYTES = 65_536;

const TORCH =
  'load the model in Python (model.load_state_dict, or torch.jit.load) and call torch.onnx.export(model, inputs, "model.onnx", dynamic_axes={…})';
const KERAS =
  'python -m tf2onnx.convert --keras model.keras --output model.onnx (or model.export("model.onnx", format="onnx"))';
const SKLEARN =
  'load it in Python and convert it: skl2onnx.to_onnx(model, X[:1]), or onnxmltools for XGBoost and LightGBM';

const KINDS: readonly Kind[] = [
  {
    what: 'a Git LFS pointer: the text that stands for a large file',
    wayOut: 'git lfs pull',
    matches: (bytes) => startsWith(bytes, 'version https://git-lfs'),
  },
  {
    what: 'a web page',
    wayOut:
      'download the file itself (on GitHub "raw", on Hugging Face "resolve" instead of "blob" in the address)',
    matches: (bytes) => /^\s*<(!doctype html|html)/i.test(head(bytes)),
  },
  {
    what: 'an OpenVINO IR',
    wayOut: 'convert the model that it was made from to ONNX',
    matches: (bytes) => /^\s*(<\?xml[^>]*>\s*)?<net\b/.test(head(bytes)),
  },
  {
    what: 'a PMML file',
    wayOut: 'convert the model that it was made from to ONNX',
    matches: (bytes) => /^\s*(<\?xml[^>]*>\s*)?<PMML\b/.test(head(bytes)),
  },
  {
    what: "an XGBoost model in XGBoost's own format",
    wayOut: 'onnxmltools.convert_xgboost(model, initial_types=[("x", FloatTensorType([None, k]))])',
    matches: (bytes) => head(bytes).includes('"learner"') || startsWith(bytes, '{L\0\0\0\0\0\0\0\x07learner'),
  },
  {
    what: "a LightGBM model in LightGBM's own format",
    wayOut: 'onnxmltools.convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, k]))])',
    matches: (bytes) => startsWith(bytes, 'tree\n'),
  },
  {
    what: "a CatBoost model in CatBoost's own format",
    wayOut: 'model.save_model("model.onnx", format="onnx")',
    matches: (bytes) => startsWith(bytes, 'CBM1'),
  },
  {
    what: 'a Keras model (HDF5)',
    wayOut: KERAS,
    matches: (bytes) => startsWith(bytes, '\x89HDF'),
  },
  {
    what: 'a TensorFlow Lite model',
    wayOut: 'python -m tf2onnx.convert --tflite model.tflite --output model.onnx',
    matches: (bytes) => bytes.toString('latin1', 4, 8) === 'TFL3',
  },
  {
    what: "a model in ONNX Runtime's own format",
    wayOut: 'bring the ONNX file that it was made from',
    matches: (bytes) => bytes.toString('latin1', 4, 8) === 'ORTM',
  },
  {
    what: 'weights in the format GGUF, for llama.cpp',
    wayOut: 'export the original model: optimum-cli export onnx --model <name> <folder>',
    matches: (bytes) => startsWith(bytes, 'GGUF'),
  },
  {
    what: 'weights in the format safetensors, without the network they belong to',
    wayOut: `export the model: optimum-cli export onnx --model <folder> <folder>, or ${TORCH}`,
    matches: (bytes) => bytes.toString('latin1', 8, 10) === '{"',
  },
  {
    what: 'a TensorRT engine',
    wayOut: 'bring the ONNX file that it was built from',
    matches: (bytes) => startsWith(bytes, 'ftrt') || startsWith(bytes, 'ptrt'),
  },
  {
    what: 'a PyTorch file (TorchScript, or saved with torch.save)',
    wayOut: TORCH,
    matches: (bytes) => isZip(bytes) && /\/data\.pkl|constants\.pkl|\/byteorder/.test(names(bytes)),
  },
  {
    what: 'a Keras model',
    wayOut: KERAS,
    matches: (bytes) => isZip(bytes) && /model\.weights\.h5/.test(names(bytes)),
  },
  {
    what: 'a TensorFlow SavedModel in an archive',
    wayOut: 'unpack it, then python -m tf2onnx.convert --saved-model <folder> --output model.onnx',
    matches: (bytes) => isZip(bytes) && /saved_model\.pb/.test(names(bytes)),
  },
  {
    what: 'a model of ML.NET',
    wayOut: 'mlContext.Model.ConvertToOnnx(model, data, stream)',
    matches: (bytes) => isZip(bytes) && /TransformerChain|TrainingInfo|Model\.key/.test(names(bytes)),
  },
  {
    what: 'arrays of NumPy',
    wayOut: 'export the model that they belong to',
    matches: (bytes) => (isZip(bytes) && /\.npy/.test(names(bytes))) || startsWith(bytes, '\x93NUMPY'),
  },
  {
    what: 'a ZIP archive',
    wayOut: 'unpack it, and give the path of the ONNX file within',
    matches: isZip,
  },
  {
    what: 'a compressed archive',
    wayOut: 'unpack it, and give the path of the ONNX file within',
    matches: (bytes) =>
      startsWith(bytes, '\x1f\x8b') || startsWith(bytes, 'BZh') || startsWith(bytes, '\xfd7zXZ'),
  },
  {
    what: 'a Python object (pickle or joblib), such as a model of scikit-learn or PyTorch',
    wayOut: `${SKLEARN}; for PyTorch ${TORCH}`,
    matches: (bytes) => bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5,
  },
  {
    what: 'empty',
    wayOut: 'bring the whole file',
    matches: (bytes) => bytes.length === 0,
  },
];

/** @returns what the file is, and what to do; for a file of an unknown kind that it may be incomplete. */
export function foreignFileProblem(source: string, bytes: Buffer): string {
  const kind = KINDS.find(({ matches }) => matches(bytes));
  if (kind !== undefined) return `${source} is no ONNX file, it is ${kind.what}: ${kind.wayOut}.`;
  return `${source} is no ONNX file, or it is incomplete: compare its size with that of the original. TensorFlow's .pb files are converted by tf2onnx (python -m tf2onnx.convert --saved-model <folder> --output model.onnx), Core ML's .mlmodel by onnxmltools, Paddle's .pdmodel by paddle2onnx.`;
}

function head(bytes: Buffer): string {
  return bytes.toString('latin1', 0, HEAD_BYTES);
}

function startsWith(bytes: Buffer, text: string): boolean {
  return bytes.toString('latin1', 0, text.length) === text;
}

function isZip(bytes: Buffer): boolean {
  return startsWith(bytes, 'PK\x03\x04');
}

/** The names in an archive stand before each file, and once more at the end. */
function names(bytes: Buffer): string {
  return head(bytes) + bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES));
}
