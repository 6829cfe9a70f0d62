import { expect, test } from 'vitest';
import { eventually, within } from '../support/eventually.ts';

test('asks until an answer fits, and gives that one', async () => {
  let asked = 0;
  expect(
    await eventually(
      () => ++asked,
      (answer) => answer === 3,
    ),
  ).toBe(3);
  expect(asked).toBe(3);
});

test('fails with the last answer and how long it asked', async () => {
  let asked = 0;
  const waiting = eventually(
    () => ({ state: 'QUEUED', asked: ++asked }),
    () => false,
    30,
  );
  await expect(waiting).rejects.toThrow(
    /^no answer fitted within 30 ms\. The last of (\d+) was: \{ state: 'QUEUED', asked: \1 \}$/,
  );
});

test('fails as well when a question is never answered', async () => {
  const { promise } = Promise.withResolvers<never>();
  const waiting = eventually(
    () => promise,
    () => true,
    30,
  );
  await expect(waiting).rejects.toThrow('no answer fitted within 30 ms. The last of 0 was: undefined');
});

test('a question that fails is not asked again', async () => {
  let asked = 0;
  const waiting = eventually(
    () => {
      asked++;
      throw new Error('no such stream');
    },
    () => true,
  );
  await expect(waiting).rejects.toThrow('no such stream');
  expect(asked).toBe(1);
});

test('a failure says what was seen when the time was over', async () => {
  let seen = 'nothing yet';
  const { promise } = Promise.withResolvers<never>();
  const waiting = within(30, promise, () => `waited in vain, saw ${seen}`);
  seen = 'a warning';
  const error: unknown = await waiting.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ message: 'waited in vain, saw a warning' });
});
