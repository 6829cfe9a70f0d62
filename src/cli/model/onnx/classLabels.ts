/** Finds the classes of classifiers that keep them in the graph, without ZipMap. */
import { classesIn, type OnnxModel } from './onnxFile.ts';

const CLASSIFIERS = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier']);
/** These pass scores on, one for each class. */
const PASSING = new Set([
  'Normalizer',
  'Cast',
  'Identity',
  'Softmax',
  'ZipMap',
  'Reshape',
  'Logistic',
  'Sigmoid',
]);

/** @returns by output of the graph: what each number belongs to. */
export function classLabels({ graph }: OnnxModel): ReadonlyMap<string, readonly string[]> {
  const labels = new Map<string, readonly string[]>();
  const outputs = new Set(graph?.output.map(({ name }) => name));
  for (const node of graph?.node ?? []) {
    const [input = ''] = node.input;
    const classes = CLASSIFIERS.has(node.opType)
      ? classesIn(node)
      : PASSING.has(node.opType)
        ? labels.get(input)
        : undefined;
    // The second output of a classifier has the scores.
    const scores = node.output[CLASSIFIERS.has(node.opType) ? 1 : 0];
    if (classes !== undefined && classes.length > 0 && scores !== undefined) labels.set(scores, classes);
  }
  return new Map([...labels].filter(([name]) => outputs.has(name)));
}
