/** Where `npm run model -- add` finds the ONNX file in folders of other tools. */
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findSource } from '../../../../src/cli/model/sourceFile.ts';
import { freePort } from '../../../support/freePort.ts';

test.for<[string, Record<string, string>, string]>([
  [
    'Triton, the newest version',
    { 'config.pbtxt': 'max_batch_size: 8', '2/model.onnx': '', '10/model.onnx': '' },
    '10/model.onnx',
  ],
  [
    'MLflow',
    { MLmodel: 'flavors:\n  onnx:\n    onnx_version: 1.16\n    data: model.onnx\n', 'model.onnx': '' },
    'model.onnx',
  ],
  ['Hugging Face', { 'config.json': '{}', 'onnx/model.onnx': '', 'tokenizer.json': '{}' }, 'onnx/model.onnx'],
  ['one file', { 'net.onnx': '', 'net.onnx.data': '' }, 'net.onnx'],
])('the ONNX file is found in a folder of %s', async ([, files, expected]) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-source-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  await using source = await findSource(folder.path);
  expect(source.file).toBe(join(folder.path, expected));
  expect(source.maxBatchSize).toBe('config.pbtxt' in files ? 8 : undefined);
  expect(source.notes).toHaveLength('tokenizer.json' in files ? 1 : 0);
});

test('a folder without an ONNX file is refused', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-source-'));
  await expect(findSource(folder.path)).rejects.toThrow('must have one ONNX file');
});

test.each([
  ['does not answer', 0, 50],
  // Long enough for the part to arrive on a busy machine.
  ['sends a part of the file only', 3, 2_000],
])('a server that %s is given up, and the address is named', async (_, bytes, silenceMs) => {
  await using server = createServer((_request, response) => {
    if (bytes > 0) response.write('x'.repeat(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m.onnx`;
  await expect(findSource(address, silenceMs)).rejects.toThrow(
    `${address} cannot be fetched: the server has sent nothing for ${silenceMs} ms, after ${bytes} bytes`,
  );
  server.closeAllConnections();
});

test('a server that cannot be reached is refused with the reason', async () => {
  const address = `http://127.0.0.1:${await freePort()}/m.onnx`;
  await expect(findSource(address)).rejects.toThrow(/cannot be fetched: connect ECONNREFUSED 127\.0\.0\.1/);
});
