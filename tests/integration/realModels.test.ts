/**
 * ONNX files that this project did not make. TIDINGS_REAL_MODELS names a folder of them; this repository has none,
 * because of their size and terms. Other tests make small files of the same kinds.
 */
import { describe, expect, test } from 'vitest';
import { onnxFilesIn, tryFile } from '../support/realModels.ts';

const FOLDER = process.env.TIDINGS_REAL_MODELS;
/** Files that no machine can serve, by a word of the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  'float16.onnx': 'bfloat16',
  'needs_extensions.onnx': 'onnxruntime-extensions',
};

if (FOLDER === undefined) {
  test.skip('real ONNX files are added and served: TIDINGS_REAL_MODELS names no folder of them');
} else {
  const files = await onnxFilesIn(FOLDER);
  describe('at the first try, with the answers of ONNX Runtime', () => {
    test.for(files)('%s is served, or refused with the reason', async (file) => {
      const { kind, text } = await tryFile(FOLDER, file);
      const reason = REFUSED[file];
      expect(kind, text).toBe(reason === undefined ? 'served' : 'refused');
      if (reason !== undefined) expect(text).toContain(reason);
    });
  });
}
