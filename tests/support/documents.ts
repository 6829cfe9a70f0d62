/** The Markdown documents of the repository: headings have `#`, and fences three backticks. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Block {
  /** The language after the opening fence, such as `sh`. It is empty for plain text. */
  readonly language: string;
  readonly text: string;
  /** The name in the comment `<!-- test: name -->` directly above the block. */
  readonly test: string | undefined;
}

/** The paths of all pages, from the root. They are found, so that a new page is tested, too. */
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

/** @throws unless there is exactly one block for that test. */
export function blockOfTest(file: string, test: string): string {
  const [block, ...others] = blocksIn(readDocument(file)).filter((each) => each.test === test);
  if (block === undefined || others.length > 0)
    throw new Error(`${file} must have one block after <!-- test: ${test} -->`);
  return block.text;
}

/** The document without its fenced blocks. */
export function proseIn(document: string): string {
  return document.replaceAll(/^ *```.*?^ *```$/gms, '');
}

/** The texts of the headings, by their anchors on GitHub. The anchor of a repeated heading ends with a number. */
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

/** The targets of links, unchanged. */
export function linksIn(document: string): readonly string[] {
  return [...proseIn(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}
