/** The GraphQL type of how a model can be trained and judged, as its manifest says. */
import type { Gate, ManifestTraining, MetricGate, SliceGate, TrainingParam } from '../src/models/training.ts';
import type { Builder } from './builder.ts';

interface NamedText {
  readonly name: string;
  readonly text: string;
}

export function defineModelTraining(builder: Builder) {
  const paramRef = builder.objectRef<TrainingParam>('TrainingParam').implement({
    description: 'A parameter of the recipe, which `trainModel` may set.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      description: t.exposeString('description', { description: 'What it does.' }),
      type: t.exposeString('type', { description: '`int32`, `float64`, `boolean` or `choice`.' }),
      unit: t.string({
        nullable: true,
        description: 'Unit of a number.',
        resolve: (param) => ('unit' in param ? param.unit : null),
      }),
      minimum: t.float({
        nullable: true,
        description: 'The least number.',
        resolve: (param) => ('minimum' in param ? param.minimum : null),
      }),
      maximum: t.float({
        nullable: true,
        description: 'The largest number.',
        resolve: (param) => ('maximum' in param ? param.maximum : null),
      }),
      values: t.stringList({
        nullable: true,
        description: 'The values of a choice.',
        resolve: (param) => ('values' in param ? [...param.values] : null),
      }),
      default: t.string({
        description: 'Its value if none is given.',
        resolve: (param) => String(param.default),
      }),
    }),
  });
  const columnRef = builder.objectRef<NamedText>('InputColumn').implement({
    description: 'The column of the data that an input is read from.',
    fields: (t) => ({
      input: t.exposeString('name', { description: 'Name of the input.' }),
      column: t.exposeString('text', { description: 'Name of the column.' }),
    }),
  });
  const targetRef = builder.objectRef<NamedText>('OutputTarget').implement({
    description: 'How the true value of an output is computed from the data.',
    fields: (t) => ({
      output: t.exposeString('name', { description: 'Name of the output.' }),
      expression: t.exposeString('text', { description: 'An SQL expression over the columns.' }),
    }),
  });
  const metricGateRef = builder.objectRef<MetricGate>('MetricGate').implement({
    description: 'A figure that a new version must reach over the held-out rows.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'The output that is judged.' }),
      metric: t.exposeString('metric', { description: 'The figure, such as rmse.' }),
      most: t.exposeFloat('most', { nullable: true, description: 'The most it may be.' }),
      least: t.exposeFloat('least', { nullable: true, description: 'The least it may be.' }),
      mostRatioToLive: t.exposeFloat('mostRatioToLive', {
        nullable: true,
        description: 'The most it may be, divided by that of the version that answers now.',
      }),
      leastRatioToLive: t.exposeFloat('leastRatioToLive', {
        nullable: true,
        description: 'The least it may be, divided by that of the version that answers now.',
      }),
    }),
  });
  const sliceGateRef = builder.objectRef<SliceGate>('SliceGate').implement({
    description: 'The same over a part of the rows.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      where: t.exposeString('where', { description: 'An SQL condition over the columns.' }),
      mostRatioToLive: t.exposeFloat('mostRatioToLive', { nullable: true, description: 'As of the whole.' }),
      leastRatioToLive: t.exposeFloat('leastRatioToLive', {
        nullable: true,
        description: 'As of the whole.',
      }),
      leastRows: t.exposeInt('leastRows', { description: 'With fewer rows it is not judged.' }),
    }),
  });
  const gateRef = builder.objectRef<Gate>('Gate').implement({
    description: 'The conditions that a new version must meet to get a number.',
    fields: (t) => ({
      metrics: t.field({
        type: [metricGateRef],
        description: 'Figures over all held-out rows.',
        resolve: ({ metrics }) => [...metrics],
      }),
      slices: t.field({
        type: [sliceGateRef],
        description: 'The same figures over parts of the rows.',
        resolve: ({ slices }) => [...slices],
      }),
      mostRunMs: t.exposeFloat('mostRunMs', {
        nullable: true,
        description: 'The most that 95 % of the runs of `maxBatchSize` rows may take, in milliseconds.',
      }),
      mostBytes: t.exposeFloat('mostBytes', {
        nullable: true,
        description: "The most bytes of the version's files.",
      }),
    }),
  });
  return builder.objectRef<ManifestTraining>('ModelTraining').implement({
    description: 'How new versions of a model are trained and judged.',
    fields: (t) => ({
      recipe: t.string({
        description: "The file of the model's folder that trains, or the program and its arguments.",
        resolve: ({ recipe, command }) => recipe ?? (command ?? []).join(' '),
      }),
      class: t.exposeString('class', { description: 'Trainers with this class take its steps.' }),
      timeoutMs: t.exposeInt('timeoutMs', {
        description: 'The time limit of trainings that do not set one, in milliseconds.',
      }),
      maxAttempts: t.exposeInt('maxAttempts', { description: 'Tries of a stage whose process dies.' }),
      columns: t.field({
        type: [columnRef],
        description: 'The columns that the manifest names; other inputs have the column of their own name.',
        resolve: ({ columns }) => namedTexts(columns),
      }),
      targets: t.field({
        type: [targetRef],
        description: 'The true values of the outputs.',
        resolve: ({ targets }) => namedTexts(targets),
      }),
      rows: t.exposeString('rows', {
        nullable: true,
        description: 'An SQL condition: other rows are left out.',
      }),
      params: t.field({
        type: [paramRef],
        description: 'The parameters of the recipe.',
        resolve: ({ params }) => [...params],
      }),
      gate: t.expose('gate', { type: gateRef, description: 'The conditions for a new version.' }),
    }),
  });
}

function namedTexts(texts: Readonly<Record<string, string>>): NamedText[] {
  return Object.entries(texts).map(([name, text]) => ({ name, text }));
}
