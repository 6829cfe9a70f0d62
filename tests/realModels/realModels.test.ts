/**
 * ONNX files that this project did not make. This repository has none, because of their size and terms, and other tests
 * make small files of the same kinds. So these tests are part of a run only if TIDINGS_REAL_MODELS names a folder.
 */
import { expect, test } from 'vitest';
import { onnxFilesIn, tryFile } from '../support/realModels.ts';

const FOLDER = process.env.TIDINGS_REAL_MODELS ?? '';
/** Files that no machine can serve, by a word of the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  'float16.onnx': 'bfloat16',
  'needs_extensions.onnx': 'onnxruntime-extensions',
};

const files = await onnxFilesIn(FOLDER);

test.for(files)('%s is served at the first try, or refused with the reason', async (file) => {
  const { kind, text } = await tryFile(FOLDER, file);
  const reason = REFUSED[file];
  expect(kind, text).toBe(reason === undefined ? 'served' : 'refused');
  if (reason !== undefined) expect(text).toContain(reason);
});
