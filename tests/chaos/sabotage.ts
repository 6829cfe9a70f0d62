/**
 * Checks the oracle: breaks one guarantee on purpose in a copy of the sources, plays the scenario that depends on it
 * most, and expects the oracle to find the fault.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Sabotage {
  readonly name: string;
  readonly about: string;
  readonly scenario: string;
  /** @default 10 */
  readonly seconds?: number;
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'early-ack',
    about: 'a bundle leaves its queue before the ends of its tasks are stored',
    scenario: 'results-full',
    changes: [
      {
        file: 'workers/bundleAssignment.ts',
        from: '    const common = commonIn(this.#bundle);',
        to: '    this.ack();\n    const common = commonIn(this.#bundle);',
      },
    ],
  },
  {
    name: 'ack-before-all-ends',
    about: 'a bundle leaves its queue when the first of its tasks have their ends',
    scenario: 'poison',
    changes: [
      {
        file: 'workers/bundleAssignment.ts',
        from: '    this.#left -= rows.length;\n    if (this.#left === 0) this.ack();',
        to: '    this.ack();',
      },
    ],
  },
  {
    name: 'no-header',
    about: 'ends are stored without the sequence that the writer has read',
    scenario: 'cancel-race',
    changes: [
      {
        file: 'src/broker/endStore.ts',
        from: 'encodeEnds({ address, ...ends }), { after });',
        to: 'encodeEnds({ address, ...ends }));',
      },
    ],
  },
  {
    name: 'no-superset',
    about: 'the ends of a bundle replace those that were stored before',
    scenario: 'cancel-race',
    changes: [
      {
        file: 'src/broker/endStore.ts',
        from: 'parts: [...known.ends.parts, ...missing]',
        to: 'parts: [...missing]',
      },
    ],
  },
  {
    name: 'merge-forgotten',
    about: 'ends that were refused because of another writer are taken for stored',
    scenario: 'cancel-race',
    changes: [
      {
        file: 'src/broker/endStore.ts',
        from: "      if (outcome.type !== 'alreadyThere' && outcome.type !== 'changed') return outcome;",
        to: "      return outcome.type === 'alreadyThere' || outcome.type === 'changed' ? { type: 'stored', ends } : outcome;",
      },
    ],
  },
  {
    name: 'unstored-ends',
    about: 'gateways listen to ends when they are sent, not when they are stored',
    scenario: 'results-full',
    changes: [
      {
        file: 'src/contract/subjects.ts',
        from: 'endedOf: (home: string) => `ended.',
        to: 'endedOf: (home: string) => `ends.',
      },
      {
        file: 'src/contract/subjects.ts',
        from: '  ended: ({ home, bundle }: BundleAddress) => `ended.',
        to: '  ended: ({ home, bundle }: BundleAddress) => `ends.',
      },
    ],
  },
  {
    name: 'refusal-is-final',
    about: 'a worker treats refused ends as those of finished tasks',
    scenario: 'results-full',
    changes: [
      {
        file: 'workers/settle.ts',
        from: 'untilStored(() => broker.ends.store(address, common, part), ',
        to: "untilStored(async () => (await broker.ends.store(address, common, part), { type: 'stored', ends: { ...common, parts: [part] } }), ",
      },
    ],
  },
  {
    name: 'delivery-verdict',
    about: 'tasks of a bundle that is delivered for the third time are failed',
    scenario: 'worker-kill',
    seconds: 25,
    changes: [
      {
        file: 'workers/bundleAssignment.ts',
        from: '      if (mark === undefined) return;',
        to: '      if (mark === undefined) return void this.soloRuns.set(row, this.delivery.deliveryCount);',
      },
    ],
  },
  {
    name: 'early-purge',
    about: 'a bundle leaves its queue before the end of the task that is canceled is stored',
    scenario: 'results-full',
    changes: [
      {
        file: 'src/broker/endTask.ts',
        from: '  const stored = await broker.ends.storeTask(end, address);',
        to: '  await broker.removeRowBatch(address);\n  const stored = await broker.ends.storeTask(end, address);',
      },
    ],
  },
  {
    name: 'direct-read',
    about: 'a task is unknown if any one copy of the streams does not know it',
    scenario: 'cluster-leader-kill',
    seconds: 20,
    changes: [
      {
        file: 'src/broker/streams.ts',
        from: 'accepted job is never pushed out.\n    discard: DiscardPolicy.New,\n',
        to: 'accepted job is never pushed out.\n    discard: DiscardPolicy.New,\n    allow_direct: true,\n',
      },
      {
        file: 'src/broker/storedMessages.ts',
        from: 'manager.streams.getMessage(stream, query));\n    return message === null',
        to: 'manager.direct.getMessage(stream, query));\n    return message === null',
      },
      {
        file: 'src/broker/storedMessages.ts',
        from: 'manager.streams.getMessage(stream, query))) ??',
        to: 'manager.direct.getMessage(stream, query))) ??',
      },
    ],
  },
  {
    name: 'record-first',
    about: 'the record of a version is stored before its files',
    scenario: 'push-kill',
    seconds: 30,
    changes: [
      {
        file: 'src/registry/register.ts',
        from: '  await requireFiles(version, options.artifacts);\n',
        to: '',
      },
      {
        file: 'src/registry/pushedFolder.ts',
        from: '  await storeFiles(folder, files, options);\n  const wanted',
        to: '  const wanted',
      },
    ],
  },
  {
    name: 'no-second-look',
    about: 'a version gets the next number without a look whether its task has one already',
    scenario: 'push-kill',
    seconds: 20,
    changes: [
      {
        file: 'src/registry/register.ts',
        from: '    if (ours !== undefined) return { record: ours, isNew: false };\n',
        to: '',
      },
    ],
  },
  {
    name: 'step-forgotten',
    about: 'a step leaves its queue before what follows is queued',
    scenario: 'train-kill',
    seconds: 5,
    changes: [
      {
        file: 'workers/training/runner.ts',
        from: '      return this.#settle({ address, job, result }, ending.signal);',
        to: '      void this.#settle({ address, job, result }, ending.signal);\n      return ACK;',
      },
    ],
  },
  {
    name: 'removed-first',
    about: 'work leaves its queue before its end is stored',
    scenario: 'train-kill',
    seconds: 15,
    changes: [
      {
        file: 'src/broker/endWork.ts',
        from: '  const stored = await work.storeEnd(address, end);',
        to: '  await work.remove(address);\n  const stored = await work.storeEnd(address, end);',
      },
    ],
  },
  {
    name: 'young-swept',
    about: 'artifacts that no record names yet are removed at once, all the time',
    scenario: 'push-kill',
    seconds: 20,
    changes: [
      {
        file: 'src/registry/registrySweep.ts',
        from: 'const ARTIFACTS_INTERVAL_MS = 60 * 60_000;',
        to: 'const ARTIFACTS_INTERVAL_MS = 50;',
      },
      {
        file: 'src/broker/artifactStore.ts',
        from: 'export const UNNAMED_KEPT_MS = 24 * 60 * 60_000;',
        to: 'export const UNNAMED_KEPT_MS = 0;',
      },
    ],
  },
];

const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'schema', 'workers', 'models', 'tests', 'package.json'];
const LINKED = ['node_modules', '.cache'];
const TASKS_PER_S = 120;
/** The format of main.ts. */
const FIRST_EVIDENCE = /^ {2}((?:lost|doubled|wrong): .*)$/m;

/** @returns the first finding of the oracle, or undefined if it found nothing. */
export async function tryToCatch(sabotage: Sabotage, seed: string): Promise<string | undefined> {
  const { scenario, seconds = 10, changes } = sabotage;
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-sabotage-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(folder.path, name), { recursive: true });
  for (const name of LINKED) await symlink(join(ROOT, name), join(folder.path, name));
  for (const { file, from, to } of changes) await change(join(folder.path, file), from, to);

  const options = ['--tasks', TASKS_PER_S * seconds, '--seconds', seconds, '--seed', seed].map(String);
  const child = spawn(process.execPath, ['tests/chaos/main.ts', scenario, ...options], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code === 0) return undefined;
  const evidence = FIRST_EVIDENCE.exec(output)?.[1];
  // A program that fails in another way proves nothing.
  if (evidence === undefined) throw new Error(`${scenario} ended with ${code} and no evidence: ${output}`);
  return evidence;
}

/** Fails if the text is no longer in the code: a sabotage without a change would prove nothing. */
async function change(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const [before, after, ...more] = text.split(from);
  if (after === undefined || more.length > 0) {
    throw new Error(`${file} must hold this text once, to be sabotaged: ${from}`);
  }
  await writeFile(file, `${before}${to}${after}`);
}
