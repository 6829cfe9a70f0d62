/** The GraphQL type by which the query `models` describes an input or output of a model. */
import { graphqlLiteral } from '../src/models/graphqlLiteral.ts';
import {
  type Axis,
  isExact,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  sizeOf,
  unitOf,
} from '../src/models/manifest.ts';
import { type Builder, replacedBy } from './builder.ts';

/** The types of the manifest, by their names in GraphQL. */
const VALUE_TYPES = {
  int8: 'INT8',
  uint8: 'UINT8',
  int16: 'INT16',
  uint16: 'UINT16',
  int32: 'INT32',
  uint32: 'UINT32',
  int64: 'INT64',
  uint64: 'UINT64',
  float16: 'FLOAT16',
  float32: 'FLOAT32',
  float64: 'FLOAT64',
  string: 'STRING',
  boolean: 'BOOLEAN',
  enum: 'ENUM',
  dateTime: 'DATE_TIME',
} as const satisfies Readonly<Record<(ManifestInput | ManifestOutput)['type'], string>>;

/** An input or output with the axes of its model. */
type FieldOfModel = (ManifestInput | ManifestOutput) & Pick<Manifest, 'axes'>;

interface NamedAxis extends Axis {
  readonly name: string;
}

interface Dimension {
  readonly size: number | undefined;
  readonly axis: NamedAxis | undefined;
}

export function fieldsOfModel(
  { axes }: Manifest,
  fields: readonly (ManifestInput | ManifestOutput)[],
): readonly FieldOfModel[] {
  return fields.map((field) => ({ ...field, axes }));
}

/** The kinds of the manifest, by their names in GraphQL. */
const KINDS = { image: 'IMAGE', audio: 'AUDIO', text: 'TEXT', detections: 'DETECTIONS' } as const;

export function defineModelField(builder: Builder) {
  const valueTypeEnum = builder.enumType('ValueType', {
    description: 'The type of an input or output.',
    values: {
      INT8: { description: 'A whole number of 8 bits in the model.' },
      UINT8: { description: 'A whole number of 8 bits without a sign in the model.' },
      INT16: { description: 'A whole number of 16 bits in the model.' },
      UINT16: { description: 'A whole number of 16 bits without a sign in the model.' },
      INT32: { description: 'A whole number of 32 bits in the model.' },
      UINT32: { description: 'A whole number of 32 bits without a sign in the model.' },
      INT64: { description: 'A whole number of 64 bits in the model.' },
      UINT64: { description: 'A whole number of 64 bits without a sign in the model.' },
      FLOAT16: { description: 'A number of 16 bits in the model.' },
      FLOAT32: { description: 'A number of 32 bits in the model.' },
      FLOAT64: { description: 'A number of 64 bits in the model.' },
      STRING: { description: 'A text.' },
      BOOLEAN: { description: 'True or false.' },
      ENUM: { description: 'One of `values`. Only inputs have this type.' },
      DATE_TIME: { description: 'A local time in `timeZone`. Only inputs have this type.' },
    } as const,
  });
  const kindEnum = builder.enumType('FieldKind', {
    description: 'What an input or output is that the model has as a tensor, and a client in another form.',
    values: {
      IMAGE: { description: 'A picture.' },
      AUDIO: { description: 'A sound. Only inputs have this kind.' },
      TEXT: { description: 'A long text. Only inputs have this kind.' },
      DETECTIONS: { description: 'What is detected in a picture. Only outputs have this kind.' },
    } as const,
  });
  const axisRef = builder.objectRef<NamedAxis>('Axis').implement({
    description:
      'A dimension that varies from task to task. Within one task it has one size, in all tensors that have it.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name, such as height.' }),
      minimum: t.exposeInt('minimum', { description: 'Smallest size.' }),
      maximum: t.exposeInt('maximum', { description: 'Largest size.' }),
      buckets: t.intList({
        nullable: true,
        description:
          'The sizes to which it is padded, so that tasks of different sizes share a run; null if it is not padded.',
        resolve: ({ buckets }) => buckets && [...buckets],
      }),
    }),
  });
  const dimensionRef = builder.objectRef<Dimension>('Dimension').implement({
    description: 'A dimension of a tensor: it has a `size`, or an `axis` if it varies.',
    fields: (t) => ({
      size: t.exposeInt('size', { nullable: true, description: 'Its size; null if it varies.' }),
      axis: t.expose('axis', {
        type: axisRef,
        nullable: true,
        description: 'Its name and limits, if it varies; else null.',
      }),
    }),
  });
  return builder.objectRef<FieldOfModel>('ModelField').implement({
    description: 'An input or output of a model.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name in GraphQL.' }),
      tensor: t.exposeString('tensor', {
        description:
          'The name of its tensor in the ONNX graph, or in the columns that a version that is code takes and gives.',
      }),
      valueType: t.field({
        type: valueTypeEnum,
        description: 'Its type; with `size` or `shape`, that of each element.',
        resolve: ({ type }) => VALUE_TYPES[type],
      }),
      type: t.exposeString('type', {
        deprecationReason: replacedBy('valueType'),
        description:
          'As in the manifest: `int8` to `int64`, `uint8` to `uint64`, `float16` to `float64`, `string` or `boolean`; an input may also be `enum` or `dateTime`.',
      }),
      kind: t.field({
        type: kindEnum,
        nullable: true,
        description: 'What it is if it is a file, a long text, or more than numbers.',
        resolve: (field) => ('kind' in field ? KINDS[field.kind] : null),
      }),
      maxBytes: t.int({
        nullable: true,
        description:
          'The most bytes of the file, or of the text in UTF-8. Only inputs with a `kind` have it.',
        resolve: (field) => ('maxBytes' in field ? field.maxBytes : null),
      }),
      description: t.exposeString('description', { description: 'Its meaning.' }),
      unit: t.string({
        nullable: true,
        description: 'Unit of its value; null if it is no number, and if the manifest says `unknown`.',
        resolve: unitOf,
      }),
      size: t.int({
        nullable: true,
        description: 'Number of its items, if it is a list of numbers.',
        resolve: sizeOf,
      }),
      shape: t.field({
        type: [dimensionRef],
        nullable: true,
        description: 'Its dimensions for one task, if it is a tensor; else null. Empty for a single element.',
        resolve: dimensionsOf,
      }),
      batchAxis: t.int({
        nullable: true,
        description:
          'The axis of its tensor on which the tasks of a batch lie; null if it has none, so that each task has a run of its own.',
        resolve: ({ batchAxis = 0 }) => batchAxis,
      }),
      exact: t.boolean({
        description: 'Whether a whole number beyond ±(2^53 − 1) stays exact: then it is a `BigInt`.',
        resolve: isExact,
      }),
      labels: t.stringList({
        nullable: true,
        description: 'What each of its numbers belongs to, if it has labels; else null.',
        resolve: (field) => ('labels' in field && field.labels ? [...field.labels] : null),
      }),
      columns: t.stringList({
        nullable: true,
        description: 'What the numbers along its last axis are, if they have names; else null.',
        resolve: (field) => ('columns' in field && field.columns ? [...field.columns] : null),
      }),
      allowNaN: t.boolean({
        description: 'Whether NaN is accepted, as a missing number.',
        resolve: (field) => 'allowNaN' in field && field.allowNaN === true,
      }),
      minimum: t.float({
        nullable: true,
        description: 'Smallest accepted number, in `unit`. For an output: smallest accepted true value.',
        resolve: (field) => ('minimum' in field ? field.minimum : null),
      }),
      maximum: t.float({
        nullable: true,
        description: 'Largest accepted number, in `unit`. For an output: largest accepted true value.',
        resolve: (field) => ('maximum' in field ? field.maximum : null),
      }),
      maxLength: t.int({
        nullable: true,
        description: 'The most characters of a text.',
        resolve: (field) => ('maxLength' in field ? field.maxLength : null),
      }),
      values: t.stringList({
        nullable: true,
        description: 'Accepted names, if it is an enum.',
        resolve: (field) => (field.type === 'enum' ? field.values.map(({ name }) => name) : null),
      }),
      modelValues: t.stringList({
        nullable: true,
        description:
          "The model's own value for each of `values`, in the same order. Data files often have these values.",
        resolve: (field) => (field.type === 'enum' ? field.values.map(({ value }) => String(value)) : null),
      }),
      timeZone: t.string({
        nullable: true,
        description: 'Time zone of the local time, if it is a dateTime.',
        resolve: (field) => ('timeZone' in field ? field.timeZone : null),
      }),
      default: t.string({
        nullable: true,
        description:
          'The value that is used if a client leaves it out, as it would be written in an operation; null if there is none.',
        resolve: (field) =>
          'default' in field && field.default !== undefined ? graphqlLiteral(field, field.default) : null,
      }),
    }),
  });
}

function dimensionsOf(field: FieldOfModel): readonly Dimension[] | null {
  if (!('shape' in field)) return null;
  return field.shape.map((size) => {
    if (typeof size === 'number') return { size, axis: undefined };
    const axis = field.axes[size];
    return { size: undefined, axis: axis && { name: size, ...axis } };
  });
}
