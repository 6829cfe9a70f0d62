/** Readings of the clock: what is taken, and what the change to and from daylight saving time does to it. */
import { describe, expect, test } from 'vitest';
import {
  isTimeZone,
  localTime,
  localTimeAt,
  localTimeFault,
  secondsOf,
} from '../../../src/models/localTime.ts';

const NEW_YORK = 'America/New_York';

describe('localTime', () => {
  test.each([
    ['2021-02-03T14:30:00', '2021-02-03T14:30:00'],
    ['2021-02-03t14:30:00.999999999', '2021-02-03T14:30:00'],
    ['2021-02-03T14:30', '2021-02-03T14:30:00'],
    ['2021-02-03T14:30:00Z', '2021-02-03T09:30:00'],
    ['2021-02-03T14:30Z', '2021-02-03T09:30:00'],
    ['2021-07-03T14:30:00z', '2021-07-03T10:30:00'],
    ['2021-02-03T23:30:00-08:00', '2021-02-04T02:30:00'],
    ['2020-02-29T00:00:00', '2020-02-29T00:00:00'],
    ['0001-01-01T00:00:00', '0001-01-01T00:00:00'],
  ])('reads %s as %s', (text, reading) => {
    expect(localTime(text, NEW_YORK)).toBe(reading);
    expect(localTime(reading, NEW_YORK)).toBe(reading);
  });

  test.each([
    '2021-02-03',
    '2021-02-03 14:30:00',
    '2021-02-30T14:30:00',
    '2021-02-29T14:30:00Z',
    '2021-02-03T24:00:00',
    '2021-02-03T14:30:60',
    '2021-02-03T14:30:00+24:00',
    '2021-02-03T14:30:00[America/New_York]',
    '+012021-02-03T14:30:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.1234567890',
    'now',
    '',
  ])('does not take %j', (text) => {
    expect(localTime(text, NEW_YORK)).toBeUndefined();
  });

  test('takes a time in an hour that the clocks skip, and never makes one from an instant', () => {
    expect(localTime('2021-03-14T02:30:00', NEW_YORK)).toBe('2021-03-14T02:30:00');
    expect(localTime('2021-03-14T06:59:59Z', NEW_YORK)).toBe('2021-03-14T01:59:59');
    expect(localTime('2021-03-14T07:00:00Z', NEW_YORK)).toBe('2021-03-14T03:00:00');
  });

  test('reads both instants of an hour that the clocks repeat the same', () => {
    expect(localTime('2021-11-07T01:30:00-04:00', NEW_YORK)).toBe('2021-11-07T01:30:00');
    expect(localTime('2021-11-07T01:30:00-05:00', NEW_YORK)).toBe('2021-11-07T01:30:00');
    expect(localTime('2021-11-07T01:30:00', NEW_YORK)).toBe('2021-11-07T01:30:00');
  });
});

test.each([
  ['2021-02-30T14:30:00', '2021-02 has no day 30'],
  ['2021-02-29T14:30:00Z', '2021-02 has no day 29'],
  ['2021-04-00T14:30', '2021-04 has no day 00'],
  ['2021-13-01T14:30:00', 'there is no month 13'],
  ['2021-02-03T24:00:00', 'hours are 00 to 23, not 24'],
  ['2021-02-03T14:60', 'minutes are 00 to 59, not 60'],
  ['2021-02-03T14:30:60', 'seconds are 00 to 59, not 60'],
  ['2021-02-03T14:30:00+24:00', 'there is no offset +24:00'],
])('the fault in %s is named: %s', (text, fault) => {
  expect(localTimeFault(text)).toBe(fault);
  expect(localTime(text, NEW_YORK)).toBeUndefined();
});

test.each(['yesterday', '2021-02-03', '2021-02-03T14:30', '2021-02-29 14:30:00', 'now'])(
  'no fault is named for %j, which is a correct time or no time at all',
  (text) => {
    expect(localTimeFault(text)).toBeUndefined();
  },
);

test('an instant of the broker is read to the second, fractions cut off', () => {
  expect(localTimeAt(Date.parse('2021-02-03T19:30:00.999Z') + 0.5, NEW_YORK)).toBe('2021-02-03T14:30:00');
  expect(localTimeAt(-0.5, 'UTC')).toBe('1969-12-31T23:59:59');
});

test('seconds count the readings of one clock, so that hour and weekday follow by division', () => {
  const seconds = secondsOf('2021-02-03T14:30:00');
  expect(Math.floor(seconds / 3600) % 24).toBe(14);
  // 0 is Monday; it was a Wednesday.
  expect((Math.floor(seconds / 86400) + 3) % 7).toBe(2);
  expect(secondsOf('1969-12-31T23:59:59')).toBe(-1);
});

test('a time zone is a place of the IANA database, or UTC', () => {
  expect(['America/New_York', 'Asia/Kolkata', 'UTC', 'US/Eastern'].map(isTimeZone)).toEqual(
    Array(4).fill(true),
  );
  expect(['+05:00', 'Mars/Olympus', '', 'New York'].map(isTimeZone)).toEqual(Array(4).fill(false));
});
