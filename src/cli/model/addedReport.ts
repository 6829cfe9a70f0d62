/** The report to the user on an added model or version, with the next steps. */
import { dirname, join } from 'node:path';
import { versionsIn } from '../../models/folders.ts';
import type { Manifest } from '../../models/manifest.ts';
import { printable } from '../../process/printable.ts';
import { RECORD_MAX_BYTES, readRegularFile } from '../../process/regularFile.ts';
import type { Added } from './add.ts';
import { plainReason } from './loadAdvice.ts';
import { type Placeholder, placeholders } from './placeholders.ts';
import { formatFields, formatReports, formatSize, formatTable, warningNotes } from './tables.ts';

export async function addedReport(added: Added, modelsDir: string): Promise<string> {
  const { manifest, isNewModel, folder, report, unanswered, changes, decisions } = added;
  const { name, graphql, versions } = manifest;
  const file = join(modelsDir, name, 'model.json');
  const paragraphs = [
    `added ${folder} (${formatSize(report.sizeBytes ?? 0)}, SHA-256 ${report.sha256}): mutation ${graphql.mutation}`,
    indent(formatFields(manifest)),
    ...sentences('changed in the file:', changes),
    ...sentences('decided by trial runs:', [...batchDecision(manifest), ...decisions]),
    indent([formatReports(manifest, [report]), ...warningNotes([report])].join('\n')),
    goldenNote(report.golden?.rows ?? 0, unanswered),
  ];
  if (isNewModel) {
    const places = placeholders((await readRegularFile(file, RECORD_MAX_BYTES)).toString());
    paragraphs.push(...classNote(manifest));
    if (places.length === 0)
      paragraphs.push('Running gateways and workers serve a new model only after a restart.');
    else
      paragraphs.push(
        `The file does not say what its numbers mean, so ${file} has placeholders. Edit`,
        indent(formatTable(places.map(describePlace))),
        `The "name" of an input or output is its GraphQL field: change it as you like, but not "tensor". The golden rows and the
example do not follow such changes. So then run

  npm run model -- golden ${name}     makes new golden rows and a new example: within your limits, or yours with --example
  npm run model -- check ${name}

Running gateways and workers serve a new model only after a restart.`,
      );
  } else if (typeof versions === 'object') {
    paragraphs.push(`"versions" in ${file} says which versions are served: ${JSON.stringify(versions)}.`);
  } else {
    const others = (await versionsIn(dirname(folder))).filter((version) => version !== report.version);
    paragraphs.push(`Running gateways and workers find it by themselves. ${servedNote(added, others)}`);
  }
  return paragraphs.join('\n\n');
}

function sentences(head: string, texts: readonly string[]): string[] {
  return texts.length === 0
    ? []
    : [`${head}\n${texts.map((text) => `- ${printable(plainReason(text))}`).join('\n')}`];
}

/** Why runs have so many rows. */
function batchDecision({ batching: { maxBatchSize, fixedBatchSize }, axes, masks }: Manifest): string[] {
  const padded = Object.entries(axes).filter(([, { buckets }]) => buckets !== undefined);
  const texts = padded.map(
    ([name, { buckets = [] }]) =>
      `rows are padded along ${name} to ${buckets.join(', ')}, so that rows of different sizes share a run: ${masks.map(({ tensor }) => tensor).join(', ')} says what is real, and no client gives it`,
  );
  return fixedBatchSize === undefined && maxBatchSize > 1
    ? [`runs of up to ${maxBatchSize} rows: more were not tried, or made a row no cheaper`, ...texts]
    : texts;
}

/** Says which version answers now: the newest, unless a rollout decides otherwise. */
function servedNote({ manifest, report: { version } }: Added, others: readonly string[]): string {
  const newest = others.at(-1) ?? version;
  if (Number(newest) > Number(version))
    return `Version ${newest}, the newest, still answers, unless a rollout\nor a task says otherwise.`;
  if (manifest.versions === 'latest')
    return 'It answers all tasks from now on, and the earlier version is no longer served.';
  return `It answers all tasks from now on, unless a\nrollout is set. To hold it back, set one (the next time: before a version is added):\n\n  mutation { setRollout(model: "${manifest.name}", weights: [{ version: "${newest}", percent: 100 }]) { model { name } } }`;
}

/** @returns a paragraph on outputs that may be classes, if there are any. */
function classNote({ outputs }: Manifest): string[] {
  const whole = outputs.filter(({ type }) => type === 'int32' || type === 'int64').map(({ name }) => name);
  if (whole.length === 0) return [];
  return [
    `If ${whole.join(' or ')} is the number of a class and not an amount, its mean error (liveError) has no meaning:\nsee models/README.md, "Outputs".`,
  ];
}

/** @param unanswered a text for each row that the model could not answer. */
export function goldenNote(rows: number, unanswered: readonly string[]): string {
  const subject = rows === 1 ? '1 golden row keeps' : `${rows} golden rows keep`;
  const others = unanswered.map((text) => `\nTried too, and not answered: ${text}`).join('');
  return `${subject} what the file answers today. They do not prove that the answers are good: rows with answers of\nthe training code are better.${others}`;
}

function describePlace({ line, name, members, lacksLimits }: Placeholder): string[] {
  const toAdd = lacksLimits ? '; you may add minimum, maximum (for liveError)' : '';
  return [`line ${line}`, `${name}:`, `${members.join(', ')}${toAdd}`];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
