/** `npm run bench -- <name> [minutes]`: measures a running Tidings of its own, and prints a Markdown table. */
import { cpus } from 'node:os';
import { benchSoak } from './soak.ts';
import { benchWebSocket } from './websocket.ts';

const benchmarks: Readonly<Record<string, (minutes: number | undefined) => Promise<void>>> = {
  websocket: benchWebSocket,
  soak: benchSoak,
};

const [name = '', minutes] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined || (minutes !== undefined && !(Number(minutes) > 0))) {
  console.error(
    `usage: npm run bench -- <name> [minutes], one of ${Object.keys(benchmarks).join(', ')}; got ${JSON.stringify(process.argv.slice(2))}`,
  );
  process.exitCode = 2;
} else {
  const date = new Date().toISOString().slice(0, 10);
  console.log(`${name}, ${date}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}\n`);
  await benchmark(minutes === undefined ? undefined : Number(minutes));
}
