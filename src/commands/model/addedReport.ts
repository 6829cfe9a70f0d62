/** What the user is told of a model or version that was added, and what is left to do. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Added } from './add.ts';
import { type Placeholder, placeholders } from './placeholders.ts';
import { formatFields, formatReports, formatSize, formatTable } from './tables.ts';

export async function addedReport(added: Added, modelsDir: string): Promise<string> {
  const { manifest, isNewModel, folder, report, leftOut } = added;
  const { name, graphql, versions } = manifest;
  const file = join(modelsDir, name, 'model.json');
  const paragraphs = [
    `added ${folder} (${formatSize(report.sizeBytes ?? 0)}, SHA-256 ${report.sha256}): mutation ${graphql.mutation}`,
    indent(formatFields(manifest)),
    indent(formatReports(manifest, [report])),
    goldenNote(report.golden?.rows ?? 0, leftOut),
  ];
  if (isNewModel) {
    const places = placeholders(await readFile(file, 'utf8'));
    paragraphs.push(
      `The file does not say what its numbers mean. Until somebody does, ${file} holds placeholders; edit`,
      indent(formatTable(places.map(describePlace))),
      `then run: npm run model -- check ${name}\nGateways and workers that run serve a new model after a restart.`,
    );
  } else if (versions !== 'all') {
    paragraphs.push(`"versions" in ${file} says which versions are served: ${JSON.stringify(versions)}.`);
  } else {
    paragraphs.push('Gateways and workers that run find it by themselves.');
  }
  return paragraphs.join('\n\n');
}

function goldenNote(rows: number, leftOut: number): string {
  const tried = leftOut > 0 ? ` (${leftOut} more were tried, and the model could not answer them)` : '';
  const subject = rows === 1 ? '1 golden row pins' : `${rows} golden rows pin`;
  return `${subject} what the file answers today${tried}. That it answers well they do not prove: better are rows from\nthe training code, with its answers.`;
}

function describePlace({ line, name, members }: Placeholder): string[] {
  return [`line ${line}`, `${name}:`, members.join(', ')];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
