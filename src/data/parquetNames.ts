/**
 * Renames the columns of a Parquet file after DuckDB has written it: DuckDB refuses an empty name, and changes a name
 * that differs from another only by case. A footer has no offsets into itself, so a name can be replaced by a longer
 * one without any other change.
 */
import { open } from 'node:fs/promises';
import { readFooter, replaceFooter } from './parquetFooter.ts';
import { encodedText, ThriftReader } from './thrift.ts';

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** @param names the new names, by the names that DuckDB has written. Each of the latter occurs once in the file. */
export async function renameParquetColumns(file: string, names: ReadonlyMap<string, string>): Promise<void> {
  const opened = await open(file, 'r+');
  try {
    const footer = await readFooter(opened);
    await replaceFooter(opened, footer, renamed(footer.bytes, names));
  } finally {
    await opened.close();
  }
}

function renamed(footer: Buffer, names: ReadonlyMap<string, string>): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of editsOf(footer, names)) {
    parts.push(footer.subarray(at, from), encodedText(text));
    at = to;
  }
  return Buffer.concat([...parts, footer.subarray(at)]);
}

/**
 * Finds the names of columns: in the schema, and in the path of each chunk. Field numbers are those of parquet.thrift.
 */
function editsOf(footer: Buffer, names: ReadonlyMap<string, string>): readonly Edit[] {
  const edits: Edit[] = [];
  const reader = new ThriftReader(footer);
  const readName = (isColumn: boolean) => {
    const from = reader.at;
    const name = reader.text();
    const text = isColumn ? names.get(name) : undefined;
    if (text !== undefined) edits.push({ from, to: reader.at, text });
  };
  const readSchema = () => {
    let isRoot = true;
    let inner = 0;
    // The root, then each column, followed by its children.
    reader.list(() => {
      const isColumn = !isRoot && inner === 0;
      let children = 0;
      const readChildren = () => {
        children = reader.integer();
      };
      reader.struct({ 4: () => readName(isColumn), 5: readChildren });
      if (inner > 0) inner--;
      if (!isRoot) inner += children;
      isRoot = false;
    });
  };
  const readPath = () => {
    let isColumn = true;
    reader.list(() => {
      readName(isColumn);
      isColumn = false;
    });
  };
  const readChunk = () => reader.struct({ 3: () => reader.struct({ 3: readPath }) });
  const readRowGroup = () => reader.struct({ 1: () => reader.list(readChunk) });
  reader.struct({ 2: readSchema, 4: () => reader.list(readRowGroup) });
  return edits;
}
