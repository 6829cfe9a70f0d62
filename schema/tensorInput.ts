/** The GraphQL input types of tensors. `src/models/tensorInput.ts` reads them. */
import { hasNamedAxes } from '../src/models/axes.ts';
import { isTensorInput, type TensorInput } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import { MAX_LISTED } from '../src/models/tensorInput.ts';
import type { Builder } from './builder.ts';

export type TensorInputs = ReturnType<typeof defineTensorInputs>;

/** Defines the types that inputs of the models have: a schema has no types that cannot be used. */
export function defineTensorInputs(builder: Builder, models: readonly Model[]) {
  const inputs = models.flatMap(({ manifest }) => manifest.inputs.filter(isTensorInput));
  const dataRef = inputs.length === 0 ? undefined : defineData(builder);
  const shapedRef = dataRef && inputs.some(hasNamedAxes) ? defineShaped(builder, dataRef) : undefined;
  return {
    typeOf(input: TensorInput) {
      const ref = hasNamedAxes(input) ? shapedRef : dataRef;
      if (ref === undefined) throw new Error('the types of all tensors are defined');
      return ref;
    },
  };
}

function defineData(builder: Builder) {
  const list = `${MAX_LISTED} at most`;
  return builder.inputType('TensorInput', {
    isOneOf: true,
    description:
      'The elements of a tensor, in row-major order, in exactly one of these forms. The form has no effect: the same elements are the same input.',
    fields: (t) => ({
      values: t.floatList({ description: `Numbers, ${list}.` }),
      integers: t.field({ type: ['BigInt'], description: `Whole numbers, also of 64 bits, ${list}.` }),
      booleans: t.booleanList({ description: `For a tensor of booleans, ${list}.` }),
      texts: t.stringList({ description: `For a tensor of texts, ${list}.` }),
      base64: t.string({
        description:
          "The bytes of the elements in base64 (RFC 4648, with padding): little-endian, in the input's type; a boolean is a byte, 0 or 1.",
      }),
      blob: t.id({ description: 'The id of a blob with these bytes.' }),
      fill: t.float({
        description: `The value of every element. For trying out: the rows of a request may have ${list}.`,
      }),
    }),
  });
}

function defineShaped(builder: Builder, dataRef: ReturnType<typeof defineData>) {
  return builder.inputType('ShapedTensorInput', {
    description: 'A tensor with a shape that varies.',
    fields: (t) => ({
      shape: t.intList({ required: true, description: 'Its dimensions, without the batch.' }),
      data: t.field({ type: dataRef, required: true, description: 'Its elements.' }),
    }),
  });
}
