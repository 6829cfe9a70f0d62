/**
 * Checks the shape of a manifest by its JSON Schema. ajv makes code of the schema, which takes 100 ms of CPU. So the code
 * is kept in a file beside the compiled code of Node, and every process of a start but the first loads it from there.
 */
import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Options, ValidateFunction } from 'ajv';
import { readJson } from '../process/jsonFile.ts';
import type { Manifest } from './manifest.ts';

const ROOT = join(import.meta.dirname, '../..');
const MANIFEST_SCHEMA = join(ROOT, 'models/manifest.schema.json');

const OPTIONS: Options = {
  allErrors: true,
  // Makes errors carry the schema that failed.
  verbose: true,
  useDefaults: true,
  discriminator: true,
  allowUnionTypes: true,
  // The schema is ours: without these two its compilation takes half the time.
  meta: false,
  validateSchema: false,
  // Definitions that many fields share are compiled once, not at each place: a third less time.
  inlineRefs: false,
  code: { optimize: false, source: true },
};

/**
 * @param file where the code is kept. One that is absent, broken or of another schema is replaced. Where it cannot be
 *   written, each process compiles the schema.
 */
export async function manifestShape(
  file = join(ROOT, '.cache/manifestShape.cjs'),
): Promise<ValidateFunction<Manifest>> {
  const require = createRequire(import.meta.url);
  const schema = (await readJson(MANIFEST_SCHEMA)) as object;
  const { version } = require('ajv/package.json') as { readonly version: string };
  const digest = createHash('sha256')
    .update(JSON.stringify([version, OPTIONS, schema]))
    .digest('hex');
  return keptShape(require, file, digest) ?? (await compiledShape(schema, file, digest));
}

/** The code in the file; undefined if there is none for this schema. */
function keptShape(
  require: NodeJS.Require,
  file: string,
  digest: string,
): ValidateFunction<Manifest> | undefined {
  try {
    const kept = require(file);
    return kept.digest === digest ? kept.default : undefined;
  } catch {
    return undefined;
  }
}

async function compiledShape(
  schema: object,
  file: string,
  digest: string,
): Promise<ValidateFunction<Manifest>> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv(OPTIONS);
  const shape = ajv.compile<Manifest>(schema);
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const code = `${standalone.default(ajv, shape)}\nmodule.exports.digest = '${digest}';\n`;
  const partial = `${file}.${process.pid}`;
  // Renamed when it is whole, since other processes may load it at the same time.
  await writeFile(partial, code)
    .then(() => rename(partial, file))
    .catch(() => {});
  return shape;
}
