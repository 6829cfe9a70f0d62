import { expect, test } from 'vitest';
import { AlertSeverity } from '../../../src/system/alertRules.ts';
import type { Alert } from '../../../src/system/alerts.ts';
import { FiringAlerts } from '../../../src/system/firingAlerts.ts';

const LETTERS: Alert = {
  name: 'TidingsDeadLetters',
  severity: AlertSeverity.Warning,
  summary: 'There are dead letters.',
  advice: '',
};
const UNSERVED: Alert = { ...LETTERS, name: 'TidingsNoWorker', summary: 'No worker serves it.' };

/** The names that fire, look for look. */
function firedAt(looks: readonly (readonly [second: number, ...found: Alert[]])[]) {
  const firing = new FiringAlerts();
  return looks.map(([second, ...found]) => firing.of(found, second * 1_000).map(({ name }) => name));
}

test('an alert fires once its condition has held for the time of its rule', () => {
  const looks = [0, 15, 29, 30, 75].map((second) => [second, UNSERVED, LETTERS] as const);
  const [letters, both] = [[LETTERS.name], [UNSERVED.name, LETTERS.name]];
  expect(firedAt(looks)).toEqual([letters, letters, letters, both, both]);
});

test('an alert that flickers does not fire, and its time begins anew', () => {
  const looks = [[0, UNSERVED], [15], [16, UNSERVED], [45, UNSERVED], [46, UNSERVED]] as const;
  expect(firedAt(looks)).toEqual([[], [], [], [], [UNSERVED.name]]);
});

test('a time in which nobody looked does not count', () => {
  expect(
    firedAt([
      [0, UNSERVED],
      [600, UNSERVED],
    ]),
  ).toEqual([[], []]);
});

test('an alert says since when its condition holds', () => {
  const firing = new FiringAlerts();
  firing.of([UNSERVED], 5_000);
  firing.of([UNSERVED], 40_000);
  expect(firing.of([UNSERVED], 70_000)).toMatchObject([{ name: UNSERVED.name, since: 5_000 }]);
});
