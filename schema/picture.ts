/** The GraphQL type of a picture that a model has made. */
import type { BytesValue } from '../src/contract/tensor.ts';
import { isMediaOutput } from '../src/models/manifest.ts';
import type { PictureOutput } from '../src/models/mediaOutput.ts';
import type { Model } from '../src/models/models.ts';
import { type PictureHeader, pictureHeader } from '../src/models/pictureHeader.ts';
import type { AnswerBudgets } from './answerBudgets.ts';
import type { Builder, Context } from './builder.ts';
import { firstBytes } from './firstBytes.ts';
import { type PlaceOfValue, resultUnreadable } from './placeOfValue.ts';

/** A picture with what its fields need. */
export interface PictureOfTask extends PlaceOfValue {
  readonly output: PictureOutput;
  readonly value: BytesValue;
}

/** The size stands in the first bytes of a PNG file. */
const HEADER_BYTES = 33;

/** Defined only if a model makes pictures: a schema has no types that cannot be used. */
export function definePicture(builder: Builder, models: readonly Model[], budgets: AnswerBudgets) {
  const makes = models.some(({ manifest }) =>
    manifest.outputs.some((output) => isMediaOutput(output) && output.kind === 'image'),
  );
  if (!makes) return undefined;
  return builder.objectRef<PictureOfTask>('Picture').implement({
    description: 'A picture that a model has made, as a PNG file.',
    fields: (t) => ({
      width: t.int({
        description: 'In pixels. Errors: `BLOB_NOT_FOUND`, `BROKER_UNAVAILABLE`.',
        resolve: async (picture, _args, context) => (await headerOf(picture, context)).width,
      }),
      height: t.int({
        description: 'In pixels. Errors: `BLOB_NOT_FOUND`, `BROKER_UNAVAILABLE`.',
        resolve: async (picture, _args, context) => (await headerOf(picture, context)).height,
      }),
      mediaType: t.string({ description: 'The type of the file.', resolve: () => 'image/png' }),
      base64: t.string({
        description:
          'The file in base64. Errors: `RESULT_TOO_LARGE`, `BLOB_NOT_FOUND`, `BROKER_UNAVAILABLE`.',
        resolve: async ({ output, value, owner, url }, _args, context, info) => {
          const bytes = 'base64' in value ? value.base64.length : Math.ceil((4 / 3) * value.bytes);
          const what = `${info.fieldName} of ${output.name}`;
          budgets.take({ context, info }, bytes, { what, instead: `Download ${url}.` });
          if ('base64' in value) return value.base64;
          return (await firstBytes(value, owner, value.bytes, context)).toBase64();
        },
      }),
      url: t.string({
        description:
          'Path on this gateway from which the file can be downloaded, with the same login as the task.',
        resolve: ({ url }) => url,
      }),
    }),
  });
}

async function headerOf({ output, value, owner }: PictureOfTask, context: Context): Promise<PictureHeader> {
  const header = pictureHeader(await firstBytes(value, owner, HEADER_BYTES, context));
  if (header === undefined) throw resultUnreadable(output);
  return header;
}
