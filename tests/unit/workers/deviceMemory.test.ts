/** The memory of a GPU, with a driver that is made up. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DeviceMemory, type DeviceProbe } from '../../../workers/deviceMemory.ts';

function device(probe: DeviceProbe, limitMib = 0) {
  const lines: { readonly msg: string; readonly consequence?: string }[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { lines, memory: new DeviceMemory({ device: '1', limitMib, log, probe }) };
}

/** Tells one number after the other. */
function telling(...mib: number[]): DeviceProbe {
  return async (asked) => {
    expect(asked).toBe('1');
    return mib.shift() ?? Number.NaN;
  };
}

test('a version takes what is in use more after it was loaded', async () => {
  const { memory } = device(telling(100, 740));
  expect(await memory.takenSince(await memory.usedMib(), 'cuda')).toBe(640);
});

test('a version that runs on the CPU after all takes nothing, and the driver is not asked for it', async () => {
  const { memory } = device(telling(100));
  expect(await memory.takenSince(await memory.usedMib(), 'cpu')).toBeUndefined();
});

test('a version is refused if more is in use than GPU_MEMORY_MIB', async () => {
  const { memory } = device(telling(500, 1000, 1001), 1000);
  const before = await memory.usedMib();
  expect(await memory.takenSince(before, 'cuda')).toBe(500);
  await expect(memory.takenSince(before, 'cuda')).rejects.toThrow(
    'it takes 501 MiB of GPU 1, of which 1001 MiB are in use then, where GPU_MEMORY_MIB allows 1000 MiB',
  );
});

test('without a driver that answers, nothing is measured and the log says once what follows', async () => {
  const { memory, lines } = device(() => Promise.reject(new Error('spawn nvidia-smi ENOENT')), 1000);
  expect(await memory.takenSince(await memory.usedMib(), 'cuda')).toBeUndefined();
  expect(lines).toMatchObject([
    { msg: 'the memory of the GPU cannot be measured', consequence: 'GPU_MEMORY_MIB is not kept' },
  ]);
});

test.each([
  [['cpu'], undefined, undefined],
  [['cuda', 'cpu'], undefined, '0'],
  [['cuda'], '2,3', '2'],
] as const)(
  'with the providers %j and the GPUs %s, the GPU is %s',
  (executionProviders, devices, expected) => {
    const config = { executionProviders, cudaVisibleDevices: devices, gpuMemoryMib: 0 };
    expect(DeviceMemory.of(config, pino({ enabled: false }))?.device).toBe(expected);
  },
);
