/** The schema of the committed models: the printed one is the served one, and each part of it is described. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { buildSchema } from '../../schema/index.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { MODELS, SILENT } from '../support/models.ts';

const ROOT = join(import.meta.dirname, '../..');

const { models } = await Catalog.open(MODELS, SILENT);
const schema = buildSchema(models);
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

test('schema/schema.graphql equals the served schema: `npm run schema` updates it', async () => {
  const printed = await readFile(join(ROOT, 'schema/schema.graphql'), 'utf8');
  expect(printed).toBe(`${printSchema(schema)}\n`);
});

test.each(types.map((type) => [type.name, type] as const))('%s has only described parts', (_name, type) => {
  expect(withoutDescription(type)).toEqual([]);
});

test("each input's description has its unit and its limits", () => {
  for (const { manifest } of models) {
    const input = schema.getType(manifest.graphql.inputType);
    if (!isInputObjectType(input)) throw new Error(`${manifest.graphql.inputType} is an input type`);
    for (const field of manifest.inputs) {
      if (!('unit' in field)) continue;
      const { name, unit, minimum, maximum } = field;
      expect(input.getFields()[name]?.description).toContain(`Unit: ${unit}; ${minimum} to ${maximum}`);
    }
  }
});

test('a field in milliseconds has the unit in its name and its description', () => {
  const inMilliseconds = types
    .flatMap((type) => Object.values(fieldsOf(type)))
    .filter(({ name }) => name.endsWith('Ms'));
  expect(inMilliseconds.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['timeoutMs', 'queueMs', 'batchMs', 'computeMs']),
  );
  for (const { description } of inMilliseconds) expect(description).toContain('milliseconds');
});

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly args?: readonly Described[];
}

/** The names of parts without a description: the type itself, its fields, their arguments, its values. */
function withoutDescription(type: GraphQLNamedType): readonly string[] {
  const fields = Object.values(fieldsOf(type));
  const values = isEnumType(type) ? type.getValues() : [];
  const args = fields.flatMap(({ args = [] }) => args);
  return [type, ...fields, ...args, ...values]
    .filter(({ description }) => !description)
    .map(({ name }) => name);
}

function fieldsOf(type: GraphQLNamedType): Readonly<Record<string, Described>> {
  return isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? type.getFields() : {};
}
