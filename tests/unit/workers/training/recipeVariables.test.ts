import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { recipeVariables } from '../../../../workers/training/recipeVariables.ts';

test('a recipe gets what programs need, what RECIPE_ENV names, and nothing else', () => {
  const passed = {
    PATH: '/usr/bin',
    HOME: '/home/ann',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    TZ: 'UTC',
    TMPDIR: '/tmp',
    LD_LIBRARY_PATH: '/usr/local/cuda/lib64',
    CUDA_VISIBLE_DEVICES: '0',
    NVIDIA_VISIBLE_DEVICES: 'all',
    OMP_NUM_THREADS: '2',
    MKL_NUM_THREADS: '2',
    PYTHONHASHSEED: '0',
    HF_HOME: '/cache',
  };
  const kept = {
    AWS_SECRET_ACCESS_KEY: 'x',
    DATABASE_URL: 'postgres://u:p@db',
    MY_PATH: '/x',
    PATHS: '/x',
    NODE_OPTIONS: '--inspect',
    NATS_URL: 'nats://u:p@broker',
    NATS_TOKEN: 'x',
    OPERATOR_TOKEN: 'x',
    LC: 'x',
    RECIPE_ENV: 'HF_HOME,OPERATOR_TOKEN',
  };
  expect(recipeVariables({ ...passed, ...kept }, ['HF_HOME', 'OPERATOR_TOKEN'])).toEqual(passed);
});

test('a recipe in another folder finds the compiled modules of the trainer', () => {
  expect(recipeVariables({ NODE_COMPILE_CACHE: 'compiled' }, [])).toEqual({
    NODE_COMPILE_CACHE: resolve('compiled'),
  });
});
