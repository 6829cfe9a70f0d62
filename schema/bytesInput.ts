/** The GraphQL input type of pictures and sounds. `src/models/mediaValue.ts` reads it. */
import { isMediaInput } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';

export type BytesInputRef = NonNullable<ReturnType<typeof defineBytesInput>>;

/** Defined only if a model takes pictures or sounds: a schema has no types that cannot be used. */
export function defineBytesInput(builder: Builder, models: readonly Model[]) {
  const takesFiles = models.some(({ manifest }) =>
    manifest.inputs.some((input) => isMediaInput(input) && input.kind !== 'text'),
  );
  if (!takesFiles) return undefined;
  return builder.inputType('BytesInput', {
    isOneOf: true,
    description: 'The bytes of a file, in exactly one of these forms.',
    fields: (t) => ({
      base64: t.string({ description: 'The bytes in base64 (RFC 4648, with padding).' }),
      blob: t.id({ description: 'The id of a blob with these bytes.' }),
    }),
  });
}
