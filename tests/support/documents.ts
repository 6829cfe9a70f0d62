/** The documents of the repository, as Markdown is written here: headings with `#`, fences of three backticks. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Block {
  /** What stands behind the opening fence, such as `sh`; empty for plain text. */
  readonly language: string;
  readonly text: string;
  /** Of the comment `<!-- test: name -->` right above it. */
  readonly test: string | undefined;
}

/** The pages, from the root: those that are there, so that a new one is tested without being listed. */
export const DOCUMENTS: readonly string[] = globSync(
  ['*.md', 'docs/*.md', 'models/**/*.md', 'examples/**/*.md'],
  { cwd: ROOT, exclude: (path) => path.includes('node_modules') },
).toSorted();

export function readDocument(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

export function blocksIn(document: string): readonly Block[] {
  const blocks = document.matchAll(/(?:<!-- test: (\S+) -->\s*)?^ *```(\S*)\n(.*?)^ *```$/gms);
  return [...blocks].map(([, test, language = '', text = '']) => ({ language, text, test }));
}

/** @throws unless there is exactly one block of that test. */
export function blockOfTest(file: string, test: string): string {
  const [block, ...others] = blocksIn(readDocument(file)).filter((each) => each.test === test);
  if (block === undefined || others.length > 0)
    throw new Error(`${file} must have one block after <!-- test: ${test} -->`);
  return block.text;
}

/** What is left without the fenced blocks. */
export function proseIn(document: string): string {
  return document.replaceAll(/^ *```.*?^ *```$/gms, '');
}

/** The texts of the headings, by their anchors on GitHub. A heading that comes again has a number behind its anchor. */
export function headingsIn(
  document: string,
): ReadonlyMap<string, { readonly level: number; readonly text: string }> {
  const headings = new Map<string, { level: number; text: string }>();
  for (const [, marks = '', text = ''] of proseIn(document).matchAll(/^(#{1,6}) (.*)$/gm)) {
    const anchor = anchorOf(text);
    let unique = anchor;
    for (let i = 1; headings.has(unique); i++) unique = `${anchor}-${i}`;
    headings.set(unique, { level: marks.length, text });
  }
  return headings;
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Targets of links, as they are written. */
export function linksIn(document: string): readonly string[] {
  return [...proseIn(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}
