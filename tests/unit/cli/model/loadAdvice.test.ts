import { expect, test } from 'vitest';
import { loadAdvice } from '../../../../src/cli/model/loadAdvice.ts';

const exporter = { name: 'PyTorch', wayOut: () => 'torch.onnx.export(…, opset_version=17)' };

test.each([
  [
    'a newer file',
    'Load model from /tmp/x.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:202 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::ModelOptions&) Unsupported model IR version: 99, max supported IR version: 13',
    'x.onnx cannot be loaded: Unsupported model IR version: 99, max supported IR version: 13. It was made for a newer ONNX: torch.onnx.export(…, opset_version=17).',
  ],
  ['anything else', 'Something new.', 'x.onnx cannot be loaded: Something new.'],
])(
  'for %s the error has the reason of ONNX Runtime, without paths, and says what to do',
  (_what, reason, told) => {
    expect(loadAdvice('x.onnx', reason, exporter)).toContain(told);
  },
);
