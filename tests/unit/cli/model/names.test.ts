/** The GraphQL names that a new model gets from its ONNX file. */
import { describe, expect, test } from 'vitest';
import { fieldNames, mutationFor, typesFor } from '../../../../src/cli/model/names.ts';

describe('names', () => {
  test.each([
    ['PULocationID', 'puLocationId'],
    ['trip_distance', 'tripDistance'],
    ['float_input', 'floatInput'],
    ['Customer Age', 'customerAge'],
    ['input:0', 'input0'],
    ['2nd-floor', 'value2NdFloor'],
    ['prix_été', 'prixEte'],
    ['Größe', 'grosse'],
    ['площадь', 'value1'],
    ['m² площадь', 'value1'],
    ['__typename', 'typename'],
    ['', 'value1'],
    ['x'.repeat(100), 'x'.repeat(63)],
  ])('of the tensor %s are %s in GraphQL', (tensor, name) => {
    expect(fieldNames([tensor]).get(tensor)).toBe(name);
  });

  test('that would be the same are told apart by a number, within the longest name', () => {
    const long = 'y'.repeat(70);
    const tensors = ['a_b', 'a b', 'aB', 'aB2', long, `${long}z`];
    expect([...fieldNames(tensors).values()]).toEqual([
      'aB',
      'aB2',
      'aB3',
      'aB22',
      'y'.repeat(63),
      `${'y'.repeat(62)}2`,
    ]);
  });

  test('of the mutation and the types are made from the name of the model', () => {
    expect(mutationFor('trip-duration')).toBe('predictTripDuration');
    expect(typesFor('predictTrip')).toEqual({
      inputType: 'PredictTripInput',
      predictionType: 'TripPrediction',
    });
    expect(typesFor('score')).toEqual({ inputType: 'ScoreInput', predictionType: 'ScorePrediction' });
    expect(typesFor('predictive').predictionType).toBe('PredictivePrediction');
    expect(typesFor(mutationFor('m'.repeat(63))).predictionType).toHaveLength(63);
  });
});
