/** The manifest of a model that has every kind of input and output. */

const number = { unit: 'parts', minimum: -1000, maximum: 1000 } as const;
export const COLOURS = {
  type: 'enum',
  enumType: 'PaintColour',
  values: [
    { name: 'BLUE', value: 'Blue' },
    { name: 'DARK_RED', value: 'Dark red', description: 'As on the roof.' },
  ],
} as const;
export const RANKS = {
  type: 'enum',
  enumType: 'PaintRank',
  values: [
    { name: 'LOW', value: -1 },
    { name: 'HIGH', value: 40 },
  ],
  default: 'LOW',
} as const;

/** The manifest, in the form of model.json. */
export const EVERY_KIND = {
  name: 'every-kind',
  description: 'Gives back what it is given.',
  versions: 'all',
  graphql: { mutation: 'predictKinds', inputType: 'PredictKindsInput', predictionType: 'KindsPrediction' },
  inputs: [
    { name: 'count', tensor: 'in_count', type: 'int64', ...number },
    { name: 'steps', tensor: 'in_steps', type: 'int32', ...number, default: 7 },
    { name: 'share', tensor: 'in_share', type: 'float64', ...number },
    { name: 'weights', tensor: 'in_weights', type: 'float32', size: 3, ...number },
    { name: 'places', tensor: 'in_places', type: 'int64', size: 2, ...number, default: [8, 9] },
    { name: 'title', tensor: 'in_title', type: 'string', maxLength: 12 },
    { name: 'note', tensor: 'in_note', type: 'string', maxLength: 5, default: '' },
    { name: 'colour', tensor: 'in_colour', ...COLOURS },
    { name: 'rank', tensor: 'in_rank', ...RANKS },
    { name: 'isNew', tensor: 'in_new', type: 'boolean', default: false },
    { name: 'pickupAt', tensor: 'in_pickup', type: 'dateTime', timeZone: 'America/New_York', default: 'now' },
  ].map((input) => ({ ...input, description: `The ${input.name}.` })),
  outputs: [
    { name: 'countOut', tensor: 'out_count', type: 'int64', unit: 'parts' },
    { name: 'stepsOut', tensor: 'out_steps', type: 'int32', unit: 'parts' },
    { name: 'shareOut', tensor: 'out_share', type: 'float64', unit: 'parts' },
    { name: 'weightsOut', tensor: 'out_weights', type: 'float32', size: 3, unit: 'parts' },
    { name: 'placesOut', tensor: 'out_places', type: 'int64', size: 2, unit: 'parts' },
    { name: 'titleOut', tensor: 'out_title', type: 'string' },
    { name: 'noteOut', tensor: 'out_note', type: 'string' },
    { name: 'colourOut', tensor: 'out_colour', type: 'string' },
    { name: 'rankOut', tensor: 'out_rank', type: 'int64', unit: 'parts' },
    { name: 'isNewOut', tensor: 'out_new', type: 'boolean' },
    { name: 'pickupSecond', tensor: 'out_pickup', type: 'int64', unit: 'seconds' },
  ].map((output) => ({ ...output, description: `The ${output.name}.` })),
  batching: { maxBatchSize: 8, maxWaitMs: 0 },
  limits: { timeoutMs: 60_000 },
  example: {
    count: 3,
    share: 0.25,
    weights: [1, 2.5, -3],
    title: 'a "b", {c}',
    colour: 'DARK_RED',
    pickupAt: '2021-02-03T14:30:00',
  },
};
