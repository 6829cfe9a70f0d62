/** Makes the texts of a new model that people read: its manifest, and a model card with all that is known. */
import type { Manifest, ManifestInput, ManifestOutput } from '../../models/manifest.ts';
import { printable, printableLines } from '../../process/printable.ts';
import { describeType } from './tables.ts';

const LINE_WIDTH = 110;

/** Formats a manifest as the formatter of this repository does: lists of numbers stand on one line, or fill lines. */
export function formatManifest(manifest: Manifest): string {
  const json = JSON.stringify({ $schema: '../manifest.schema.json', ...manifest }, null, 2);
  return `${printableLines(json).replace(
    /^( *)(.*)\[\n([-\d.e+,\s]+)\n *\](,?)$/gim,
    (_list, indent, head, numbers, tail) => formatNumbers(indent, head, numbers.trim().split(/,\s*/), tail),
  )}\n`;
}

function formatNumbers(indent: string, head: string, numbers: readonly string[], tail: string): string {
  const line = `${indent}${head}[${numbers.join(', ')}]${tail}`;
  if (line.length <= LINE_WIDTH) return line;
  const lines = [''];
  for (const [i, number] of numbers.entries()) {
    const item = i < numbers.length - 1 ? `${number},` : number;
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? `${indent}  ${item}` : `${last} ${item}`;
    if (longer.length <= LINE_WIDTH) lines[lines.length - 1] = longer;
    else lines.push(`${indent}  ${item}`);
  }
  return `${indent}${head}[\n${lines.join('\n')}\n${indent}]${tail}`;
}

interface CardFacts {
  readonly source: string;
  readonly version: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export function modelCard(
  { name, graphql, inputs, outputs }: Manifest,
  { source, version, sizeBytes, sha256 }: CardFacts,
): string {
  return `# ${name}

The mutation \`${graphql.mutation}\` answers with ${list(outputs.map((output) => `\`${output.name}\``))}. Everything on this page
was read from the file \`${printable(source)}\`.

| input | tensor | type |
| --- | --- | --- |
${inputs.map(tableRow).join('\n')}

| output | tensor | type |
| --- | --- | --- |
${outputs.map(tableRow).join('\n')}

The first version, ${version}, has ${sizeBytes} bytes and the SHA-256 \`${sha256}\`;
\`npm run model -- check ${name}\` checks all present versions and lists their figures.

## What is not known

- **The data** it was trained on, and their terms.
- **How good it is.** Golden rows of a version that was added are its own answers from the day they were made: they show
  that it still answers the same, not that it answers well.
- **Units, meanings and limits** of inputs and outputs for which \`model.json\` says "unknown" or "not described yet".
`;
}

function tableRow(field: ManifestInput | ManifestOutput): string {
  return `| \`${field.name}\` | \`${printable(field.tensor).replaceAll('|', '\\|')}\` | ${describeType(field)} |`;
}

function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${last}` : last;
}
