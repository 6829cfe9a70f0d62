/** Makes the GraphQL input type of a model from the manifest. */
import { graphqlLiteral } from '../src/models/graphqlLiteral.ts';
import {
  isFloat,
  isMediaInput,
  isTensorInput,
  isWide,
  type Manifest,
  type ManifestInput,
  type NumberInput,
  type TensorInput,
  tensorTypeOf,
} from '../src/models/manifest.ts';
import type { MediaInput } from '../src/models/mediaInput.ts';
import { PICTURE_FORMATS } from '../src/models/pictureHeader.ts';
import type { Builder } from './builder.ts';
import type { BytesInputRef } from './bytesInput.ts';
import type { EnumRefs } from './modelEnums.ts';
import type { TensorInputs } from './tensorInput.ts';

export interface InputTypes {
  readonly tensors: TensorInputs;
  readonly bytesRef: BytesInputRef | undefined;
  readonly enumRefs: EnumRefs;
}

export function defineInput(
  builder: Builder,
  manifest: Manifest,
  { tensors, bytesRef, enumRefs }: InputTypes,
) {
  const { name, graphql, inputs } = manifest;
  const inputRef = builder.inputRef<Readonly<Record<string, unknown>>>(graphql.inputType);
  return inputRef.implement({
    description: `An input of the model ${name}.`,
    fields: (t) =>
      Object.fromEntries(
        inputs.map((input) => {
          const options = { description: describeInput(input), required: input.default === undefined };
          if (isMediaInput(input)) {
            if (input.kind === 'text') return [input.name, t.string(options)];
            if (bytesRef === undefined) throw new Error('the type of bytes is defined if an input has it');
            return [input.name, t.field({ type: bytesRef, ...options })];
          }
          if (isTensorInput(input)) return [input.name, t.field({ type: tensors.typeOf(input), ...options })];
          switch (input.type) {
            case 'string':
              return [input.name, t.string(options)];
            case 'boolean':
              return [input.name, t.boolean(options)];
            case 'dateTime':
              return [input.name, t.field({ type: 'LocalDateTime', ...options })];
            case 'enum': {
              const type = enumRefs.get(input.enumType);
              if (type === undefined) throw new Error('every enum type of a manifest is defined');
              return [input.name, t.field({ type, ...options })];
            }
            default:
              return [
                input.name,
                t.field({
                  type: input.size === undefined ? numberTypeOf(input) : [numberTypeOf(input)],
                  ...options,
                }),
              ];
          }
        }),
      ),
  });
}

function numberTypeOf(input: NumberInput): 'Float' | 'BigInt' | 'Int' {
  if (isFloat(input.type)) return 'Float';
  return isWide(input) ? 'BigInt' : 'Int';
}

/** The description of an input for clients: its meaning, unit, limits and default. */
function describeInput(input: ManifestInput): string {
  const facts = [
    ...factsOf(input),
    ...(input.default === undefined ? [] : [`default ${graphqlLiteral(input, input.default)}`]),
  ].join('; ');
  if (facts === '') return input.description;
  return `${input.description} ${facts.charAt(0).toUpperCase()}${facts.slice(1)}.`;
}

function factsOf(input: ManifestInput): readonly string[] {
  if (isMediaInput(input)) return mediaFacts(input);
  if (isTensorInput(input)) return tensorFacts(input);
  switch (input.type) {
    case 'string':
      return [`at most ${input.maxLength} characters`];
    case 'dateTime':
      return [`on the clock of ${input.timeZone}`];
    case 'enum':
    case 'boolean':
      return [];
    default:
      return [`unit: ${input.unit}`, ...limitsOf(input)];
  }
}

function limitsOf({ size, minimum, maximum }: NumberInput): readonly string[] {
  const limits = `${minimum} to ${maximum}`;
  return size === undefined ? [limits] : [`a list of ${size}`, `each ${limits}`];
}

function tensorFacts(input: TensorInput): readonly string[] {
  const { shape, unit, minimum, maximum, maxLength, allowNaN = false } = input;
  const least = minimum === undefined ? [] : [`from ${minimum}`];
  const most = maximum === undefined ? [] : [`to ${maximum}`];
  return [
    `${tensorTypeOf(input)} of the shape [${shape.join(', ')}]`,
    ...(unit === undefined ? [] : [`unit: ${unit}`]),
    ...(least.length + most.length === 0 ? [] : [`each ${[...least, ...most].join(' ')}`]),
    ...(maxLength === undefined ? [] : [`each of at most ${maxLength} characters`]),
    ...(allowNaN ? ['NaN is a missing number'] : []),
  ];
}

function mediaFacts(input: MediaInput): readonly string[] {
  switch (input.kind) {
    case 'image':
      return [PICTURE_FORMATS, `at most ${input.maxPixels} pixels`, `at most ${input.maxBytes} bytes`];
    case 'audio':
      return ['a WAV file', `at most ${input.maxBytes} bytes`];
    case 'text':
      return [`at most ${input.maxBytes} bytes in UTF-8`];
  }
}
