/**
 * Imported by a process that is profiled: writes `<program>.<pid>.cpuprofile` and `.heapprofile` (all allocations, also
 * collected ones) to PROFILE_DIR when the process ends normally. Both open in Chrome's developer tools.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join, sep } from 'node:path';

const CPU_INTERVAL_US = 500;
const HEAP_INTERVAL_BYTES = 65_536;

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US });
session.post('Profiler.start');
session.post('HeapProfiler.startSampling', {
  samplingInterval: HEAP_INTERVAL_BYTES,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
});

process.on('exit', () => {
  const program = (process.argv[1] ?? 'node').split(sep).slice(-2).join('-');
  const file = join(process.env.PROFILE_DIR ?? '.', `${program}.${process.pid}`);
  session.post('Profiler.stop', (_error, { profile }) =>
    writeFileSync(`${file}.cpuprofile`, JSON.stringify(profile)),
  );
  session.post('HeapProfiler.stopSampling', (_error, { profile }) =>
    writeFileSync(`${file}.heapprofile`, JSON.stringify(profile)),
  );
});
