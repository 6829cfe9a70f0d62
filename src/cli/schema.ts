/** `npm run schema`: writes the GraphQL schema of the models in MODELS_DIR to `schema/schema.graphql`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printSchema } from 'graphql';
import { buildSchema } from '../../schema/index.ts';
import { ConfigurationError, EXIT_CONFIGURATION } from '../contract/errors.ts';
import { Catalog } from '../models/catalog.ts';
import { readConfig } from '../process/config.ts';
import { createLog, logFatal } from '../process/log.ts';
import { HELP_OPTION, parseStrictly, UsageError } from './commandLine.ts';
import { print, printError } from './print.ts';

const HELP = `usage: npm run schema

Writes the GraphQL schema of the models in MODELS_DIR (default models) to schema/schema.graphql.

  -h, --help   prints this help`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    printError(`schema: ${error.message}\n${HELP}`);
    process.exit(2);
  }
  logFatal(error, 'schema', { ...process.env, LOG_FORMAT: process.env.LOG_FORMAT || 'pretty' });
  process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseStrictly(args, { help: HELP_OPTION });
  if (positionals.length > 0) throw new UsageError(`expected no argument, got ${positionals.join(' ')}`);
  if (values.help) print(HELP);
  else await writeSchema();
}

async function writeSchema(): Promise<void> {
  const config = readConfig(process.env);
  const { models } = await Catalog.open(config.modelsDir, createLog(config, 'schema'));
  const schema = buildSchema(models);
  const file = join(import.meta.dirname, '../../schema/schema.graphql');
  await writeFile(file, `${printSchema(schema)}\n`);
  console.log(`wrote ${file}`);
}
