/** The manifest of a model with tensors of many types. Its outputs equal its inputs. */

/** The manifest, in the form of model.json. */
export const TENSORS = {
  name: 'tensors',
  description: 'Gives back the tensors that it is given.',
  versions: 'all',
  graphql: {
    mutation: 'predictTensors',
    batchMutation: 'predictManyTensors',
    inputType: 'PredictTensorsInput',
    predictionType: 'TensorsPrediction',
    columnsType: 'TensorsColumns',
  },
  axes: { height: { minimum: 0, maximum: 4 }, width: { minimum: 1, maximum: 1_000_000 } },
  inputs: [
    { name: 'image', tensor: 'in_image', type: 'uint8', shape: [2, 'height', 'width'], default: empty() },
    { name: 'isRow', tensor: 'in_is_row', type: 'boolean', shape: ['height'], default: empty([0]) },
    { name: 'scores', tensor: 'in_scores', type: 'float32', shape: [3], minimum: -1000, maximum: 1000 },
    { name: 'ids', tensor: 'in_ids', type: 'int64', shape: [2], default: { fill: 0 } },
    { name: 'words', tensor: 'in_words', type: 'string', shape: [2], maxLength: 5, default: ['', ''] },
    { name: 'half', tensor: 'in_half', type: 'float16', shape: [], default: { fill: 0 } },
    {
      name: 'readings',
      tensor: 'in_readings',
      type: 'float64',
      shape: [2],
      allowNaN: true,
      default: { fill: 0 },
    },
    {
      name: 'seed',
      tensor: 'in_seed',
      type: 'uint64',
      unit: 'none',
      minimum: 0,
      maximum: 2 ** 64,
      exact: true,
      default: 7,
    },
    {
      name: 'population',
      tensor: 'in_population',
      type: 'int64',
      unit: 'people',
      minimum: 0,
      maximum: 1e10,
      default: 1,
    },
  ].map((input) => ({ ...input, description: `The ${input.name}.` })),
  outputs: [
    { name: 'imageOut', tensor: 'out_image', type: 'uint8', shape: [2, 'height', 'width'] },
    { name: 'isRowOut', tensor: 'out_is_row', type: 'boolean', shape: ['height'] },
    { name: 'scoresOut', tensor: 'out_scores', type: 'float32', shape: [3], unit: 'points' },
    { name: 'idsOut', tensor: 'out_ids', type: 'int64', shape: [2] },
    { name: 'wordsOut', tensor: 'out_words', type: 'string', shape: [2] },
    { name: 'halfOut', tensor: 'out_half', type: 'float16', shape: [] },
    { name: 'readingsOut', tensor: 'out_readings', type: 'float64', shape: [2] },
    { name: 'seedOut', tensor: 'out_seed', type: 'uint64', unit: 'none', exact: true },
    { name: 'populationOut', tensor: 'out_population', type: 'int64', unit: 'people' },
    {
      name: 'chances',
      tensor: 'out_chances',
      type: 'float32',
      size: 3,
      unit: 'points',
      labels: ['cat', 'dog', 'owl'],
    },
  ].map((output) => ({ ...output, description: `The ${output.name}.` })),
  masks: [],
  batching: { maxBatchSize: 8, maxBulkBatchSize: 8, maxWaitMs: 0 },
  limits: { timeoutMs: 60_000 },
  example: { scores: [0.5, 1.5, -2], seed: '18446744073709551615' },
};

function empty(shape = [2, 0, 1]) {
  return { shape, base64: '' };
}
