/** `npm run schema`: writes the GraphQL schema of the models in MODELS_DIR to `schema/schema.graphql`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printSchema } from 'graphql';
import { buildSchema } from '../../schema/index.ts';
import { ConfigurationError, EXIT_CONFIGURATION } from '../contract/errors.ts';
import { Catalog } from '../models/catalog.ts';
import { readConfig } from '../process/config.ts';
import { createLog, logFatal } from '../process/log.ts';

try {
  await printModels();
} catch (error) {
  logFatal(error, 'schema', { ...process.env, LOG_FORMAT: process.env.LOG_FORMAT || 'pretty' });
  process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
}

async function printModels(): Promise<void> {
  const config = readConfig(process.env);
  const { models } = await Catalog.open(config.modelsDir, createLog(config, 'schema'));
  const schema = buildSchema(models);
  const file = join(import.meta.dirname, '../../schema/schema.graphql');
  await writeFile(file, `${printSchema(schema)}\n`);
  console.log(`wrote ${file}`);
}
