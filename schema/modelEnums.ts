/** The enum types of inputs, made from the manifests. Models may share one if its values are the same. */
import { enumTypesOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';

export type EnumRefs = ReturnType<typeof defineEnums>;

/** @returns the enum types by name. */
export function defineEnums(builder: Builder, models: readonly Model[]) {
  const uses = models.flatMap(({ manifest }) =>
    [...enumTypesOf(manifest)].map(([enumType, { values }]) => ({ enumType, values, manifest })),
  );
  return new Map(
    [...Map.groupBy(uses, ({ enumType }) => enumType)].map(([enumType, [first, ...others]]) => {
      const owners = [first, ...others].flatMap((use) => (use === undefined ? [] : [use.manifest]));
      const ref = builder.enumType(enumType, {
        description: `The values of ${owners.map((manifest) => fieldsOf(manifest, enumType)).join(', and of ')}.`,
        values: Object.fromEntries(
          (first?.values ?? []).map(
            ({ name, value, description = `In the model, it is ${JSON.stringify(value)}.` }) => [
              name,
              { description },
            ],
          ),
        ),
      });
      return [enumType, ref];
    }),
  );
}

function fieldsOf({ name, inputs }: Model['manifest'], enumType: string): string {
  const fields = inputs.filter((input) => input.type === 'enum' && input.enumType === enumType);
  return `${fields.map((field) => field.name).join(' and ')} of the model ${name}`;
}
