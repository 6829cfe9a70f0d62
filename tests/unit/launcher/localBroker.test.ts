/** The environment of the nats-server that `npm start` runs. */
import { expect, test } from 'vitest';
import { brokerEnvironment } from '../../../src/launcher/localBroker.ts';

test.each([
  [1, '1'],
  [2, '1'],
  [3, '2'],
  [4, '2'],
  [5, undefined],
  [64, undefined],
])('nats-server on %i cores gets GOMAXPROCS %s', (cores, expected) => {
  expect(brokerEnvironment({ PATH: '/bin' }, cores)).toMatchObject({ PATH: '/bin' });
  expect(brokerEnvironment({}, cores).GOMAXPROCS).toBe(expected);
});

test('the GOMAXPROCS of the operator stays', () => {
  expect(brokerEnvironment({ GOMAXPROCS: '3' }, 2).GOMAXPROCS).toBe('3');
});
