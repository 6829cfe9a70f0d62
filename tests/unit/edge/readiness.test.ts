import { expect, test } from 'vitest';
import { RequestError, RequestErrorCode } from '../../../src/contract/errors.ts';
import { Readiness } from '../../../src/edge/readiness.ts';

const ALL = { withoutWorkers: false };

/** A gateway that serves; its broker answers what `outcome` says then. */
function servingReadiness() {
  const state = { now: 0, asked: 0, hasWorker: true, outcome: () => Promise.resolve() };
  const readiness = new Readiness(() => state.now);
  readiness.serve({
    checkBroker: () => {
      state.asked++;
      return state.outcome();
    },
    hasWorker: () => state.hasWorker,
  });
  return { readiness, state };
}

test('a gateway waits for its broker, then starts, serves and drains', async () => {
  const readiness = new Readiness();
  const codes: unknown[] = [];
  const note = async () => codes.push((await readiness.problem(ALL))?.code);
  await note();
  readiness.start();
  await note();
  readiness.serve({ checkBroker: () => Promise.resolve(), hasWorker: () => true });
  await note();
  readiness.drain();
  await note();
  expect(codes).toEqual(['NO_BROKER', 'STARTING', undefined, 'DRAINING']);
});

test('any number of questions within a second ask the broker once', async () => {
  const { readiness, state } = servingReadiness();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.outcome = () => promise;
  const answers = Array.from({ length: 1_000 }, () => readiness.problem(ALL));
  // However long the broker takes.
  state.now = 60_000;
  answers.push(readiness.problem(ALL));
  resolve();
  expect(new Set(await Promise.all(answers))).toEqual(new Set([undefined]));
  state.now += 999;
  await readiness.problem(ALL);
  expect(state.asked).toBe(1);
  state.now += 1;
  await readiness.problem(ALL);
  expect(state.asked).toBe(2);
});

test('a broker that has failed is asked again a second later', async () => {
  const { readiness, state } = servingReadiness();
  state.outcome = () => Promise.reject(new RequestError(RequestErrorCode.BrokerUnavailable, 'it is away'));
  expect(await readiness.problem(ALL)).toEqual({ code: 'NO_BROKER', problem: 'it is away' });
  state.outcome = () => Promise.resolve();
  state.now += 1_000;
  expect(await readiness.problem(ALL)).toBeUndefined();
});

test('a full store has a code of its own', async () => {
  const { readiness, state } = servingReadiness();
  state.outcome = () => Promise.reject(new RequestError(RequestErrorCode.ResultStoreFull, 'no room'));
  expect(await readiness.problem(ALL)).toEqual({ code: 'STORE_FULL', problem: 'no room' });
});

test('a gateway without workers is ready only if the question leaves workers out', async () => {
  const { readiness, state } = servingReadiness();
  state.hasWorker = false;
  expect(await readiness.problem(ALL)).toMatchObject({ code: 'NO_WORKER' });
  expect(await readiness.problem({ withoutWorkers: true })).toBeUndefined();
});
