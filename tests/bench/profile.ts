/** The time and memory that each part of the code took in a profiled process. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  readonly samples: readonly number[];
  /** In microseconds. */
  readonly timeDeltas: readonly number[];
}

interface HeapNode {
  readonly callFrame: Frame;
  /** In bytes. */
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

const ROWS = 20;

/** @returns a Markdown table for each process that wrote its profiles to the folder. */
export async function profileTables(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.cpuprofile')).toSorted();
  return Promise.all(files.map((file) => profileTable(folder, basename(file, '.cpuprofile'))));
}

async function profileTable(folder: string, name: string): Promise<string> {
  const cpu: CpuProfile = JSON.parse(await readFile(join(folder, `${name}.cpuprofile`), 'utf8'));
  const { head }: { head: HeapNode } = JSON.parse(
    await readFile(join(folder, `${name}.heapprofile`), 'utf8'),
  );
  const time = timeByPart(cpu);
  const bytes = new Map<string, number>();
  addBytes(head, bytes);
  const parts = [...time.keys()].toSorted((a, b) => (time.get(b) ?? 0) - (time.get(a) ?? 0)).slice(0, ROWS);
  const rows = parts.map((part) => `| ${part} | ${share(time, part)} | ${share(bytes, part)} |`);
  return [`| ${name} | time | allocated |`, '| --- | ---: | ---: |', ...rows].join('\n');
}

/** The time of each part, without idle time. */
function timeByPart({ nodes, samples, timeDeltas }: CpuProfile): ReadonlyMap<string, number> {
  const partOfNode = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  const time = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const part = partOfNode.get(id) ?? '';
    if (part !== '(idle)') time.set(part, (time.get(part) ?? 0) + (timeDeltas[i] ?? 0));
  }
  return time;
}

function addBytes({ callFrame, selfSize, children }: HeapNode, sums: Map<string, number>): void {
  const part = partOf(callFrame);
  sums.set(part, (sums.get(part) ?? 0) + selfSize);
  for (const child of children) addBytes(child, sums);
}

/** The part that a frame belongs to: a package, a folder of Tidings, Node, or a name of V8. */
function partOf({ functionName, url }: Frame): string {
  const path = url.split('/');
  const modules = path.lastIndexOf('node_modules');
  if (modules >= 0) {
    const [scope = '', name = ''] = path.slice(modules + 1);
    return scope.startsWith('@') ? `${scope}/${name}` : scope;
  }
  if (url.startsWith('node:')) return 'Node';
  const ours = /\/((?:src|workers|schema)(?:\/[a-z]+(?=\/))?)/.exec(url)?.[1];
  return ours ?? (url === '' ? functionName || '(compiled operations)' : url);
}

function share(sums: ReadonlyMap<string, number>, part: string): string {
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  return `${(((sums.get(part) ?? 0) / total) * 100).toFixed(1)} %`;
}
