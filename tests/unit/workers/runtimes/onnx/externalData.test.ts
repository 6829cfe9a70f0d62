/** Weights outside of an ONNX file, wherever in the file they are named. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { findExternalData } from '../../../../../workers/runtimes/onnx/externalData.ts';
import { MODELS } from '../../../../support/models.ts';
import {
  classifier,
  externalTensor,
  externalWeights,
  message,
  number,
} from '../../../../support/onnxFiles.ts';

const tensor = externalTensor('w', 'weights.bin');
const graph = (...members: Uint8Array[]) => message(7, Buffer.concat(members));
const attribute = (field: number, content: Uint8Array) => message(1, message(5, message(field, content)));

test.each<[string, Uint8Array]>([
  ['a constant of the graph', graph(message(5, tensor))],
  [
    'a constant of a second graph, which protobuf adds to the first',
    Buffer.concat([graph(), graph(message(5, tensor))]),
  ],
  ['the values of a sparse constant', graph(message(15, message(1, tensor)))],
  ['the indices of a sparse constant', graph(message(15, message(2, tensor)))],
  ['an attribute of a node', graph(attribute(5, tensor))],
  ['a list of tensors in an attribute', graph(attribute(10, tensor))],
  ['a sparse tensor in an attribute', graph(attribute(22, message(1, tensor)))],
  ['a list of sparse tensors in an attribute', graph(attribute(23, message(1, tensor)))],
  ['a branch of an If', graph(attribute(6, message(5, tensor)))],
  ['a graph in a list of graphs', graph(attribute(11, message(5, tensor)))],
  ['a branch within a branch', graph(attribute(6, attribute(6, message(5, tensor))))],
  ['a function', message(25, message(7, message(5, message(5, tensor))))],
  ['a default of a function', message(25, message(11, message(5, tensor)))],
  ['a graph for training', message(20, message(1, message(5, tensor)))],
])('external weights in %s are found', (_where, bytes) => {
  expect(findExternalData(bytes, [])).toMatch(
    /keeps weights in another file \("weights\.bin"\), which the digest does not cover/,
  );
});

test.each(['../other/weights.bin', '/etc/passwd', '*/_ORT_MEM_ADDR_/*', 'a\u001b[31m\n.bin'])(
  'weights at the location %j are found, and the location is quoted in the error',
  (location) => {
    expect(findExternalData(externalWeights(location), [])).toContain(`(${JSON.stringify(location)})`);
  },
);

test.each<[string, Uint8Array]>([
  ['a location that ONNX does not know', number(14, 2)],
  ['a location of more than 32 bits, which protobuf cuts off', number(14, 2 ** 32 + 1)],
  [
    'a tag and a number that are longer than they need be',
    Uint8Array.of(0xf0, 0x80, 0x80, 0x00, 0x81, 0x80, 0x00),
  ],
])('weights with %s count as external', (_what, member) => {
  expect(findExternalData(graph(message(5, member)), [])).toContain('keeps weights in another file');
});

test('weights in files that the digest covers are no fault; one other file is', () => {
  const two = graph(message(5, tensor), message(5, externalTensor('v', 'more.bin')));
  expect(findExternalData(two, ['weights.bin', 'more.bin'])).toEqual({ isThere: true });
  expect(findExternalData(two, ['weights.bin'])).toContain('("more.bin")');
});

test.each<[string, Uint8Array]>([
  ['a text', Buffer.from('this is a text')],
  ['a file that was cut off', classifier().slice(0, 200)],
  [
    'a tag beyond 32 bits, which protobuf would read as data_location',
    graph(message(5, Uint8Array.of(0xf0, 0x80, 0x80, 0x80, 0x10, 0x01))),
  ],
  ['a group without an end', Uint8Array.of(0x0b)],
  ['messages within messages without an end in sight', nested(200)],
  ['groups within groups without an end in sight', new Uint8Array(100_000).fill(0x0b)],
])('%s is refused as an ONNX file', (_what, bytes) => {
  expect(findExternalData(bytes, [])).toContain('it cannot be read as protobuf');
});

test("ONNX Runtime's own format is refused", () => {
  expect(findExternalData(Buffer.from('\u0018\0\0\0ORTM and more'), [])).toContain(
    "ONNX Runtime's own format",
  );
});

test.each(['trip-duration/1', 'trip-duration/3', 'churn/1', 'housing/1'])(
  'the committed model %s has all its weights inside',
  async (version) => {
    const bytes = await readFile(join(MODELS, version, 'model.onnx'));
    expect(findExternalData(bytes, [])).toEqual({ isThere: false });
  },
);

test('ONNX Runtime itself takes weights from another file', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-external-'));
  const file = join(folder.path, 'model.onnx');
  await writeFile(file, externalWeights());
  await expect(InferenceSession.create(file)).rejects.toThrow('weights.bin');
  await writeFile(join(folder.path, 'weights.bin'), new Uint8Array(4));
  await (await InferenceSession.create(file)).release();
});

function nested(depth: number): Uint8Array {
  let bytes: Uint8Array = new Uint8Array();
  for (let i = 0; i < depth; i++) bytes = message(1, message(5, message(6, bytes)));
  return message(7, bytes);
}
