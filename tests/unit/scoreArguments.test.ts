/** What the command line of a score may be, and what decides what it predicts. */
import { expect, test } from 'vitest';
import { readArguments } from '../../src/cli/score/arguments.ts';
import { requestedDateFormats } from '../../src/cli/score/dateFormats.ts';
import { checkSame, draftOf, type Plan } from '../../src/cli/score/plan.ts';
import type { ModelView } from '../../src/cli/score/tidings.ts';
import type { DateFormat } from '../../src/cli/score/timeFormat.ts';

const NONE_REQUESTED: ReadonlyMap<string, DateFormat> = new Map();

const read = (...args: string[]) =>
  readArguments(['--model', 'm', 'in.csv', 'out.csv', ...args], { PORT: '4100' });

test.each([
  ['expected --model <name>', ['in.csv', 'out.csv']],
  ['expected a file to score and one to write, got in.csv', ['--model', 'm', 'in.csv']],
  ['Unknown option', ['--model', 'm', '--row', '5']],
  ['--rows must be a whole number from 1 to 10000, got 0', ['--rows', '0']],
  ['--calls must be a whole number from 1 to 64, got x', ['--calls', 'x']],
  ['--map must be input=column, got =x', ['--map', '=x']],
  ['--map must name each input once, got a=x and a=y', ['--map', 'a=x', '--map', 'a=y']],
  [
    '--date-format must be one of yyyy-mm-dd, dd/mm/yyyy, mm/dd/yyyy, or input=format, got d/m/y',
    ['--date-format', 'd/m/y'],
  ],
  ['--date-format must name each input once', ['--date-format', 'dd/mm/yyyy', '--date-format', 'mm/dd/yyyy']],
  ['--delimiter must be one character such as ; or |, or tab, got ;;', ['--delimiter', ';;']],
  ['--delimiter must be one character such as ; or |, or tab, got "', ['--delimiter', '"']],
  ['--url must be an address such as http://127.0.0.1:4000/graphql, got nowhere', ['--url', 'nowhere']],
  ['--url must be an address such as http://127.0.0.1:4000/graphql, got a:4000', ['--url', 'a:4000']],
])('%s', (message, args) => {
  const isWhole = args.includes('in.csv');
  expect(() => (isWhole ? readArguments(args, {}) : read(...args))).toThrow(message);
});

test('an address without a path is that of the endpoint, and PORT is that of no address', () => {
  expect(String(read()?.url)).toBe('http://127.0.0.1:4100/graphql');
  expect(String(read('--url', 'http://gateway:4000')?.url)).toBe('http://gateway:4000/graphql');
  expect(String(read('--url', 'https://gateway/tidings/graphql')?.url)).toBe(
    'https://gateway/tidings/graphql',
  );
  expect(readArguments(['-h'], {})).toBeUndefined();
});

test('options that npm has taken as its own are told, and nothing is scored without them', () => {
  const byNpm = (args: string[], taken: Readonly<Record<string, string>>) => () =>
    readArguments(args, { npm_lifecycle_event: 'score', ...taken });
  const files = ['in.csv', 'out.csv'];
  expect(byNpm(['trip-duration', ...files], { npm_config_model: 'true' })).toThrow(
    'npm needs -- before the options, otherwise it takes them as its own, here --model: npm run score -- --model',
  );
  const lost = { npm_config_model_version: 'true', npm_config_overwrite: 'true' };
  expect(byNpm(['--model', 'm', ...files], lost)).toThrow('here --model-version, --overwrite:');
  expect(byNpm(['--model', 'm', ...files], {})()).toMatchObject({ model: 'm' });
});

const SERVED = ['1', '2', '3'].map((version) => ({ version, state: 'SERVED', digest: `digest ${version}` }));

function model(view: Partial<ModelView> = {}): ModelView {
  const names = { name: 'm', batchMutation: 'b', inputType: 'I', columnsType: 'C' };
  return { ...names, inputs: [], outputs: [], versions: SERVED, rollout: null, ...view };
}

function plan(view: Partial<ModelView> = {}, modelVersion?: string, kept?: Plan): Plan {
  const draft = { model: model(view), file: { digest: 'd' }, mapped: [], delimiter: ',', modelVersion, kept };
  return { ...draftOf(draft), dateFormats: kept?.dateFormats ?? {}, hasDecimalCommas: false };
}

function shares(...percents: readonly number[]) {
  return percents.map((percent, i) => ({ version: String(i + 1), percent, isThere: i !== 2 }));
}

test('the version is the one that answers all tasks, unless one is named', () => {
  expect(plan().version).toBe('3');
  expect(plan({ versions: SERVED.with(2, { version: '3', state: 'WAITING', digest: '' }) }).version).toBe(
    '2',
  );
  expect(plan({ rollout: shares(0, 100) }).version).toBe('2');
  expect(plan({ rollout: shares(90, 10) }, '1').version).toBe('1');
  expect(() => plan({ rollout: shares(90, 10) })).toThrow('go to version 1 (90 %) and 2 (10 %): say with');
  expect(() => plan({ rollout: shares(0, 0, 100) })).toThrow('go to version 3 (100 %, gone): say with');
  expect(() => plan({ versions: [] })).toThrow('no live worker serves m');
  expect(() => plan({}, '9')).toThrow('must be a version of m that can be had (1, 2, 3), got 9');
});

test('a score that goes on has the version and the instant of its beginning, whatever answers by then', () => {
  const begun = {
    ...plan({}, '1'),
    now: '2026-01-01T12:00:00.000Z',
    dateFormats: { at: 'dd/mm/yyyy' } as const,
  };
  expect(plan({ rollout: shares(0, 100) }, undefined, begun)).toEqual(begun);
  const same = { kept: begun, draft: plan({}, undefined, begun), requested: NONE_REQUESTED };
  expect(() => checkSame('out.csv', same)).not.toThrow();
  const other = { ...plan({ outputs: [] }, '2', begun), fileDigest: 'e' };
  expect(() => checkSame('out.csv', { ...same, draft: other })).toThrow(
    'out.csv.partial holds part of another score, which differs in --model-version, the model of the version, the content of the file. Delete it to start again.',
  );
});

test('a score that goes on keeps how dates are read, and refuses another order', () => {
  const kept: Plan = { ...plan(), dateFormats: { at: 'dd/mm/yyyy' } };
  const check = (requested: ReadonlyMap<string, DateFormat>) => () =>
    checkSame('out.csv', { kept, draft: kept, requested });
  expect(check(NONE_REQUESTED)).not.toThrow();
  expect(check(new Map([['at', 'dd/mm/yyyy']]))).not.toThrow();
  expect(check(new Map([['at', 'mm/dd/yyyy']]))).toThrow(
    'which differs in --date-format. Delete it to start again.',
  );
});

test('dates are told for one input or for all, and a delimiter is one character or tab', () => {
  expect(read('--date-format', 'DD.MM.YYYY')?.dateFormats).toEqual(new Map([['', 'dd/mm/yyyy']]));
  expect(read('--date-format', 'at=mm-dd-yyyy')?.dateFormats).toEqual(new Map([['at', 'mm/dd/yyyy']]));
  expect(read('--delimiter', 'tab')?.delimiter).toBe('\t');
  expect(read('--delimiter', ';')?.delimiter).toBe(';');
  expect(() => requestedDateFormats(new Map([['at', 'dd/mm/yyyy']]), [])).toThrow(
    '--date-format must name an input whose column has times as texts (there is none), got at',
  );
});
