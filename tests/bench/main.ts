/** `npm run bench -- <name>`: measures a running Tidings of its own, and prints a Markdown table. */
import { cpus } from 'node:os';
import { benchWebSocket } from './websocket.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = { websocket: benchWebSocket };

const [name = ''] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined) {
  console.error(
    `usage: npm run bench -- <name>, one of ${Object.keys(benchmarks).join(', ')}; got ${JSON.stringify(name)}`,
  );
  process.exitCode = 2;
} else {
  const date = new Date().toISOString().slice(0, 10);
  console.log(`${name}, ${date}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model}\n`);
  await benchmark();
}
