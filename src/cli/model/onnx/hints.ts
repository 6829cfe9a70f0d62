/**
 * What a graph tells about the values of its inputs: it is followed from an input to the operators that look something
 * up, or multiply with stored weights.
 */
import {
  attributeOf,
  integersOf,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  sizesOf,
  textsOf,
} from './onnxFile.ts';

export interface Hint {
  /** How many numbers a row has, in the last axis. */
  readonly width?: number | undefined;
  /** How many channels a row has, in the second axis of the graph's tensor. */
  readonly channels?: number | undefined;
  /** The number is an index below this. */
  readonly vocabulary?: number | undefined;
  /** Texts or numbers that the graph knows. */
  readonly categories?: readonly string[] | readonly number[] | undefined;
}

/** These pass an input on with its last axis and its meaning as they are. */
const PASSING = new Set([
  'Cast',
  'Identity',
  'Scaler',
  'Normalizer',
  'Imputer',
  'Sub',
  'Add',
  'Mul',
  'Div',
  'StringNormalizer',
]);
/** These change only the axes. An index stays one, a text the same text. */
const RESHAPING = new Set(['Unsqueeze', 'Squeeze', 'Reshape', 'Transpose', 'Flatten', 'Concat', 'Clip']);
const MAX_STEPS = 100;
const MAX_CATEGORIES = 10_000;

export function hintsOf(model: OnnxModel): ReadonlyMap<string, Hint> {
  const { input = [], initializer = [], node = [] } = model.graph ?? {};
  const constants = new Map(initializer.map((tensor) => [tensor.name, tensor]));
  const consumers = new Map<string, OnnxNode[]>();
  for (const consumer of node)
    for (const name of new Set(consumer.input))
      consumers.set(name, [...(consumers.get(name) ?? []), consumer]);
  return new Map(input.map(({ name }) => [name, hintFor(name, consumers, constants)]));
}

interface Step {
  readonly tensor: string;
  readonly isReshaped: boolean;
}

function hintFor(
  input: string,
  consumers: ReadonlyMap<string, readonly OnnxNode[]>,
  constants: ReadonlyMap<string, OnnxTensor>,
): Hint {
  const hint: { -readonly [Member in keyof Hint]: Hint[Member] } = {};
  const steps: Step[] = [{ tensor: input, isReshaped: false }];
  for (let i = 0; i < Math.min(steps.length, MAX_STEPS); i++) {
    const { tensor, isReshaped } = steps[i] as Step;
    for (const node of consumers.get(tensor) ?? []) {
      const rows = vocabularyOf(node, tensor, constants);
      if (rows !== undefined) hint.vocabulary = Math.min(rows, hint.vocabulary ?? rows);
      hint.categories ??= categoriesOf(node);
      if (!isReshaped) {
        hint.width ??= widthOf(node, constants);
        hint.channels ??= channelsOf(node, constants);
      }
      const reshapes = RESHAPING.has(node.opType);
      if (PASSING.has(node.opType) || reshapes)
        steps.push(...node.output.map((name) => ({ tensor: name, isReshaped: isReshaped || reshapes })));
    }
  }
  return hint;
}

function vocabularyOf(
  { opType, input, attribute }: OnnxNode,
  tensor: string,
  constants: ReadonlyMap<string, OnnxTensor>,
): number | undefined {
  const rowsOf = (place: number) => {
    const table = constants.get(input[place] ?? '');
    return table === undefined ? undefined : sizesOf(table)[0];
  };
  if (opType === 'Gather' && input[1] === tensor)
    return attribute.some(({ name, i }) => name === 'axis' && Number(String(i)) !== 0)
      ? undefined
      : rowsOf(0);
  if (opType !== 'EmbedLayerNormalization') return undefined;
  if (input[0] === tensor) return rowsOf(2);
  return input[1] === tensor ? rowsOf(4) : undefined;
}

function categoriesOf(node: OnnxNode): Hint['categories'] {
  const texts = ['cats_strings', 'keys_strings', 'pool_strings']
    .map((name) => textsOf(node, name))
    .find((list) => list.length > 0);
  if (texts !== undefined) return texts.slice(0, MAX_CATEGORIES);
  const numbers = ['cats_int64s', 'keys_int64s']
    .map((name) => integersOf(node, name))
    .find((list) => list.length > 0);
  return numbers?.slice(0, MAX_CATEGORIES);
}

function widthOf(node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>): number | undefined {
  const floats = (name: string) => attributeOf(node, name)?.floats?.length ?? 0;
  const sizes = node.input.slice(1).map((name) => sizesIn(constants.get(name)));
  switch (node.opType) {
    case 'MatMul':
      return sizes[0]?.at(-2);
    case 'Gemm': {
      const isTransposed = Number(String(attributeOf(node, 'transB')?.i ?? 0)) === 1;
      return sizes[0]?.at(isTransposed ? -1 : -2);
    }
    case 'TreeEnsembleClassifier':
    case 'TreeEnsembleRegressor': {
      const features = integersOf(node, 'nodes_featureids');
      return features.length === 0 ? undefined : 1 + features.reduce((most, id) => Math.max(most, id), 0);
    }
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return sizes[0]?.at(2);
    case 'LinearClassifier': {
      const classes = floats('intercepts');
      return classes > 0 ? floats('coefficients') / classes : undefined;
    }
    case 'LinearRegressor':
      return floats('coefficients') / Number(String(attributeOf(node, 'targets')?.i ?? 1)) || undefined;
    case 'Scaler':
      return wide(floats('offset')) ?? wide(floats('scale'));
    case 'Imputer':
      return wide(floats('imputed_value_floats'));
    case 'Sub':
    case 'Add':
    case 'Mul':
    case 'Div':
      return wide(sizes[0]?.at(-1) ?? 1);
    default:
      return undefined;
  }
}

function channelsOf(node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>): number | undefined {
  if (node.opType !== 'Conv') return undefined;
  const [, channels] = sizesIn(constants.get(node.input[1] ?? '')) ?? [];
  return channels && channels * Number(String(attributeOf(node, 'group')?.i ?? 1));
}

function sizesIn(tensor: OnnxTensor | undefined): readonly number[] | undefined {
  return tensor && sizesOf(tensor);
}

/** One number may stand for all columns. */
function wide(width: number): number | undefined {
  return width > 1 ? width : undefined;
}
