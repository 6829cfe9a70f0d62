/** The rules of docs/schema.md: clients of the release before go on, and each deprecation says what to use. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  isUnionType,
  parse,
  validate,
} from 'graphql';
import { expect, test } from 'vitest';
import { buildSchema as buildServedSchema } from '../../schema/index.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readDocument } from '../support/documents.ts';
import { MODELS, SILENT } from '../support/models.ts';

const SCHEMA_OF_0_2 = join(import.meta.dirname, '../support/schemas/0.2.graphql');

const { models } = await Catalog.open(MODELS, SILENT);
const served = buildServedSchema(models);
const before = buildSchema(await readFile(SCHEMA_OF_0_2, 'utf8'));

test.each(operationsOf(before))('a client of 0.2 can still ask for all of %s', (_field, operation) => {
  expect(validate(served, parse(operation))).toEqual([]);
});

test('where the type of a field differs from 0.2, its JSON is the same', () => {
  const changes = findBreakingChanges(before, served).map(({ description }) => description);
  expect(changes.toSorted()).toEqual([
    'Field DeadLettersRedriven.stoppedBy changed type from String to RequestErrorCode.',
    'Field RolloutChange.stoppedBy changed type from String to RequestErrorCode.',
    'Field Worker.id changed type from String! to ID!.',
  ]);
});

test('docs/schema.md lists each deprecated field, with what its reason says', () => {
  const rows = readDocument('docs/schema.md').matchAll(/^\| `(\w+\.\w+)` \| (.+) \| (.+) \|$/gm);
  const listed = [...rows].map(([, field, use = '', release]) => ({
    field,
    use: use.match(/`\w+`/g),
    release,
  }));
  const deprecated = fieldsOf(served).flatMap(({ name, field: { deprecationReason } }) => {
    if (deprecationReason == null) return [];
    const [, use = '', release] = /^Use (.+)\. It is removed in (\S+)\.$/.exec(deprecationReason) ?? [];
    return [{ field: name, use: use.match(/`\w+`/g), release }];
  });
  const byField = (a: { field?: string | undefined }, b: { field?: string | undefined }) =>
    String(a.field).localeCompare(String(b.field));
  expect(listed.toSorted(byField)).toEqual(deprecated.toSorted(byField));
});

/** For each field of the root types, an operation with all that can be asked for below it. */
function operationsOf(schema: GraphQLSchema): readonly (readonly [field: string, operation: string])[] {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  return Object.entries(roots).flatMap(([kind, root]) =>
    Object.values(root?.getFields() ?? {}).map((field) => {
      const variables: string[] = [];
      const selection = selectField(field, variables);
      const declared = variables.length === 0 ? '' : `(${variables.join(', ')})`;
      return [`${root?.name}.${field.name}`, `${kind} ${declared} { ${selection} }`] as const;
    }),
  );
}

/** @param variables one for each argument is added to them. */
function selectField(field: GraphQLField<unknown, unknown>, variables: string[]): string {
  const args = field.args.map((argument: GraphQLArgument) => {
    const name = `$v${variables.length}`;
    variables.push(`${name}: ${argument.type}`);
    return `${argument.name}: ${name}`;
  });
  return `${field.name}${args.length === 0 ? '' : `(${args.join(', ')})`} ${selectAll(field.type, variables)}`;
}

function selectAll(type: GraphQLOutputType, variables: string[]): string {
  const named = getNamedType(type);
  if (isUnionType(named)) {
    const members = named.getTypes().map((member) => `... on ${member.name} ${selectAll(member, variables)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  return `{ ${Object.values(named.getFields())
    .map((field) => selectField(field, variables))
    .join(' ')} }`;
}

function fieldsOf(schema: GraphQLSchema) {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })),
    );
}
