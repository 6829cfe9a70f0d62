/** What the user is told of a model or version that was added, and what is left to do. */
import { dirname, join } from 'node:path';
import { versionsIn } from '../../models/folders.ts';
import type { Manifest } from '../../models/manifest.ts';
import { RECORD_MAX_BYTES, readRegularFile } from '../../process/regularFile.ts';
import type { Added } from './add.ts';
import { type Placeholder, placeholders } from './placeholders.ts';
import { formatFields, formatReports, formatSize, formatTable } from './tables.ts';

export async function addedReport(added: Added, modelsDir: string): Promise<string> {
  const { manifest, isNewModel, folder, report, unanswered } = added;
  const { name, graphql, versions } = manifest;
  const file = join(modelsDir, name, 'model.json');
  const paragraphs = [
    `added ${folder} (${formatSize(report.sizeBytes ?? 0)}, SHA-256 ${report.sha256}): mutation ${graphql.mutation}`,
    indent(formatFields(manifest)),
    indent(formatReports(manifest, [report])),
    goldenNote(report.golden?.rows ?? 0, unanswered),
  ];
  if (isNewModel) {
    const places = placeholders((await readRegularFile(file, RECORD_MAX_BYTES)).toString());
    paragraphs.push(
      ...classNote(manifest),
      `The file does not say what its numbers mean. Until somebody does, ${file} holds placeholders; edit`,
      indent(formatTable(places.map(describePlace))),
      `The "name" of an input or output is its GraphQL field: change it as you like ("tensor" stays). The golden rows and the
example are from before that and know none of your limits. So then run

  npm run model -- golden ${name}     golden rows, and an example, anew: within your limits, or yours with --example
  npm run model -- check ${name}

Gateways and workers that run serve a new model after a restart.`,
    );
  } else if (typeof versions === 'object') {
    paragraphs.push(`"versions" in ${file} says which versions are served: ${JSON.stringify(versions)}.`);
  } else {
    const others = (await versionsIn(dirname(folder))).filter((version) => version !== report.version);
    paragraphs.push(`Gateways and workers that run find it by themselves. ${servedNote(added, others)}`);
  }
  return paragraphs.join('\n\n');
}

/** What comes of a version that was added: the newest answers, unless a rollout says otherwise. */
function servedNote({ manifest, report: { version } }: Added, others: readonly string[]): string {
  const newest = others.at(-1) ?? version;
  if (Number(newest) > Number(version))
    return `Version ${newest}, the newest, goes on answering, unless a rollout\nor a task says otherwise.`;
  if (manifest.versions === 'latest') return 'It answers all tasks from now on, and the one before leaves.';
  return `It answers all tasks from now on, unless a\nrollout is set. To hold it back, set one (the next time: before a version is added):\n\n  mutation { setRollout(model: "${manifest.name}", weights: [{ version: "${newest}", percent: 100 }]) { model { name } } }`;
}

/** @returns a paragraph on outputs that may be classes, if there are any. */
function classNote({ outputs }: Manifest): string[] {
  const whole = outputs.filter(({ type }) => type === 'int32' || type === 'int64').map(({ name }) => name);
  if (whole.length === 0) return [];
  return [
    `If ${whole.join(' or ')} is the number of a class and no amount, its mean difference from the truth (liveError) means\nnothing: see models/README.md, "Outputs".`,
  ];
}

/** @param unanswered a text for each row that was tried in vain. */
export function goldenNote(rows: number, unanswered: readonly string[]): string {
  const subject = rows === 1 ? '1 golden row pins' : `${rows} golden rows pin`;
  const others = unanswered.map((text) => `\nTried too, and not answered: ${text}`).join('');
  return `${subject} what the file answers today. That it answers well they do not prove: better are rows from\nthe training code, with its answers.${others}`;
}

function describePlace({ line, name, members, lacksLimits }: Placeholder): string[] {
  const toAdd = lacksLimits ? '; you may add minimum, maximum (for liveError)' : '';
  return [`line ${line}`, `${name}:`, `${members.join(', ')}${toAdd}`];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
