/** The command line of a score. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArguments } from '../../../../src/cli/score/arguments.ts';

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

test('an address without a path gets the path of the endpoint, and PORT is used without an address', () => {
  expect(String(read()?.url)).toBe('http://127.0.0.1:4100/graphql');
  expect(String(read('--url', 'http://gateway:4000')?.url)).toBe('http://gateway:4000/graphql');
  expect(String(read('--url', 'https://gateway/tidings/graphql')?.url)).toBe(
    'https://gateway/tidings/graphql',
  );
  expect(readArguments(['-h'], {})).toBeUndefined();
});

test('without an address and PORT, the npm start that uses DATA_DIR is asked', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-arguments-'));
  const urlWith = (environment: Readonly<Record<string, string>>) =>
    String(
      readArguments(['--model', 'm', 'in.csv', 'out.csv'], { DATA_DIR: folder.path, ...environment })?.url,
    );
  expect(urlWith({})).toBe('http://127.0.0.1:4000/graphql');
  await writeFile(join(folder.path, 'gateway-url'), 'http://127.0.0.1:4600/graphql\n');
  expect(urlWith({})).toBe('http://127.0.0.1:4600/graphql');
  expect(urlWith({ PORT: '4100' })).toBe('http://127.0.0.1:4100/graphql');
});

test('options that npm has taken for itself are named in the error, and no row is scored without them', () => {
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

test('--date-format is for one input or for all, and a delimiter is one character or tab', () => {
  expect(read('--date-format', 'DD.MM.YYYY')?.dateFormats).toEqual(new Map([['', 'dd/mm/yyyy']]));
  expect(read('--date-format', 'at=mm-dd-yyyy')?.dateFormats).toEqual(new Map([['at', 'mm/dd/yyyy']]));
  expect(read('--delimiter', 'tab')?.delimiter).toBe('\t');
  expect(read('--delimiter', ';')?.delimiter).toBe(';');
});
