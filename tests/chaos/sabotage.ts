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
    about: 'a job is acknowledged before its result is stored',
    scenario: 'results-full',
    changes: [
      {
        file: 'workers/settle.ts',
        from: '  if (await storeEnd(result, address, { ...options, trace: job.trace })) delivery.ack();',
        to: '  delivery.ack();\n  if (await storeEnd(result, address, { ...options, trace: job.trace })) return;',
      },
    ],
  },
  {
    name: 'write-many',
    about: 'a second result replaces the first',
    scenario: 'cancel-race',
    changes: [{ file: 'src/broker/streams.ts', from: ', discard_new_per_subject: true };', to: ' };' }],
  },
  {
    name: 'unstored-results',
    about: 'gateways listen to results when they are sent, not when they are stored',
    scenario: 'results-full',
    changes: [
      {
        file: 'src/contract/subjects.ts',
        from: 'finalsOf: (home: string) => `final.',
        to: 'finalsOf: (home: string) => `results.',
      },
      {
        file: 'src/contract/subjects.ts',
        from: 'finalOf: ({ id, home }: TaskAddress) => `final.',
        to: 'finalOf: ({ id, home }: TaskAddress) => `results.',
      },
    ],
  },
  {
    name: 'refusal-is-final',
    about: 'a worker treats every refused result as one of a finished task',
    scenario: 'results-full',
    changes: [
      {
        file: 'workers/settle.ts',
        from: '    if (stored !== undefined) return stored;',
        to: "    if (stored !== undefined || outcome.type !== 'unanswered') return stored ?? message;",
      },
    ],
  },
  {
    name: 'delivery-verdict',
    about: 'a job that is delivered for the third time is failed',
    scenario: 'worker-kill',
    seconds: 25,
    changes: [
      {
        file: 'workers/worker.ts',
        from: 'assignment.soloRuns = mark?.soloRuns ?? 0;',
        to: 'assignment.soloRuns = assignment.delivery.deliveryCount;\n    assignment.suspect = assignment.soloRuns >= 3;',
      },
    ],
  },
  {
    name: 'early-purge',
    about: 'a job leaves its queue before the final state of its task is stored',
    scenario: 'results-full',
    changes: [
      {
        file: 'src/broker/endTask.ts',
        from: '  const outcome = await broker.storeResult(end, address);',
        to: '  await broker.removeJob(address);\n  const outcome = await broker.storeResult(end, address);',
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
        from: '    discard: DiscardPolicy.New,\n',
        to: '    discard: DiscardPolicy.New,\n    allow_direct: true,\n',
      },
      {
        file: 'src/broker/storedMessages.ts',
        from: 'manager.streams.getMessage(stream, query));\n    return message === null',
        to: 'manager.direct.getMessage(stream, { seq: 1, next_by_subj: subject }));\n    return message === null',
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
