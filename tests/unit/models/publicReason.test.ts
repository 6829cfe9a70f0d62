import { expect, test } from 'vitest';
import { publicReason } from '../../../src/models/publicReason.ts';

test.each([
  ['/srv/my models/churn/1/version.json must be there', 'churn/1/version.json must be there'],
  [
    "x: ENOENT: no such file or directory, open '/home/ann/a b.onnx'",
    "x: ENOENT: no such file or directory, open 'a b.onnx'",
  ],
  ["open '/home/ann lee/my secrets/a b.onnx'", "open 'a b.onnx'"],
  ["open '/home/o'brien/my (secret) files/a.onnx' for \"/etc/b c/d\"", 'open \'a.onnx\' for "d"'],
  ['got `file:///home/ann lee/a.onnx` and it\'s "none"', 'got `a.onnx` and it\'s "none"'],
  [
    'Load model from /srv/x/m.onnx failed:/src/core/model.cc:202 Model::Model() bad',
    'Load model from m.onnx failed:model.cc:202 Model::Model() bad',
  ],
  ['got "/etc/passwd" and (/etc/shadow) and file:///etc/hosts', 'got "passwd" and (shadow) and file:hosts'],
  ['input / output of churn/1 at 3 m/s', 'input / output of churn/1 at 3 m/s'],
  [`${'y'.repeat(2_000)}/etc/passwd`, 'y'.repeat(1_000)],
])('clients see the reason %j without paths of the machine', (reason, told) => {
  expect(publicReason(reason, '/srv/my models')).toBe(told);
  expect(publicReason(reason, '/srv/my models/')).toBe(told);
});
