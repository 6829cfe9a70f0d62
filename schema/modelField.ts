/** What the query `models` says of a model's inputs and outputs. */
import { graphqlLiteral } from '../src/models/graphqlLiteral.ts';
import { type ManifestInput, type ManifestOutput, sizeOf } from '../src/models/manifest.ts';
import type { Builder } from './builder.ts';

export function defineModelField(builder: Builder) {
  return builder.objectRef<ManifestInput | ManifestOutput>('ModelField').implement({
    description: 'An input or output of a model.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name in GraphQL.' }),
      tensor: t.exposeString('tensor', { description: 'Its name in the ONNX graph.' }),
      type: t.exposeString('type', {
        description:
          'int64, int32, float32, float64, string or boolean; an input may also be enum or dateTime.',
      }),
      description: t.exposeString('description', { description: 'What it means.' }),
      unit: t.string({
        nullable: true,
        description: 'Unit of its value; only numbers have one.',
        resolve: (field) => ('unit' in field ? field.unit : null),
      }),
      size: t.int({
        nullable: true,
        description: 'How many numbers it has, if it is a list.',
        resolve: sizeOf,
      }),
      minimum: t.float({
        nullable: true,
        description: 'Smallest number accepted, in `unit`; of an output, as an actual.',
        resolve: (field) => ('minimum' in field ? field.minimum : null),
      }),
      maximum: t.float({
        nullable: true,
        description: 'Largest number accepted, in `unit`; of an output, as an actual.',
        resolve: (field) => ('maximum' in field ? field.maximum : null),
      }),
      maxLength: t.int({
        nullable: true,
        description: 'Most characters accepted.',
        resolve: (field) => ('maxLength' in field ? field.maxLength : null),
      }),
      values: t.stringList({
        nullable: true,
        description: 'Names accepted, if it is an enum.',
        resolve: (field) => (field.type === 'enum' ? field.values.map(({ name }) => name) : null),
      }),
      modelValues: t.stringList({
        nullable: true,
        description: 'What the model knows each of `values` as, in their order; data often has these.',
        resolve: (field) => (field.type === 'enum' ? field.values.map(({ value }) => String(value)) : null),
      }),
      timeZone: t.string({
        nullable: true,
        description: 'Whose local time it is, if it is a dateTime.',
        resolve: (field) => ('timeZone' in field ? field.timeZone : null),
      }),
      default: t.string({
        nullable: true,
        description: 'Used where the input leaves it out, as it would be written in an operation.',
        resolve: (field) =>
          'default' in field && field.default !== undefined ? graphqlLiteral(field, field.default) : null,
      }),
    }),
  });
}
