/** The mutations by which operators bring versions into the registry and retire them, and what uploads must meet. */
import { VersionState } from '../src/rollout/offering.ts';
import type { Builder, Context, UploadRules } from './builder.ts';
import { versionsOf } from './model.ts';
import type { ModelVersionRef, VersionWithShares } from './modelVersion.ts';

type Registered = Awaited<ReturnType<Context['registry']['register']>>;

/** What is told of a version that no worker has. */
const UNSERVED = {
  refusal: undefined,
  liveWorkers: 0,
  finishedLastMinute: 0,
  environment: undefined,
  weightPercent: undefined,
  observedPercent: undefined,
  shadowPercent: 0,
};

export function defineRegistry(builder: Builder, versionRef: ModelVersionRef): void {
  defineUploadRules(builder);
  const fileRef = builder.inputType('VersionFileInput', {
    description: 'A file of a version, which was stored by `PUT /artifacts/<sha256>`.',
    fields: (t) => ({
      path: t.string({
        required: true,
        description: 'Its path in the folder of the version, such as `model.onnx`, with `/` between names.',
      }),
      sha256: t.string({ required: true, description: 'Hex SHA-256 of its content.' }),
    }),
  });
  builder.mutationField('registerVersion', (t) =>
    t.field({
      type: versionRef,
      description:
        'Brings a version into the registry, of files that were stored by `PUT /artifacts/<sha256>` in the last 12 hours. Workers then take it; it answers tasks by a rollout or by `modelVersion` only. Repeating it changes nothing. Errors: `BAD_USER_INPUT` for files that are no version, `VERSION_CONFLICT` for a number that is taken, `SIGNATURE_REQUIRED` where versions must be signed, `BLOB_STORE_FULL`, `BROKER_UNAVAILABLE`. For operators (`FORBIDDEN`).',
      args: {
        model: t.arg.string({ required: true, description: 'Name of the model.' }),
        version: t.arg.string({
          description:
            'Its number. Left out, it is the next one, or that of a version with the same weights that is in the registry already.',
        }),
        files: t.arg({
          type: [fileRef],
          required: true,
          description:
            'All files of the version: `version.json`, `golden.json` and `model.onnx`, or those that `version.json` lists. 1,000 at most.',
        }),
      },
      resolve: async (_root, { model, version, files }, context) => {
        const registered = await context.audit.act(context, {
          action: 'registerVersion',
          target: model,
          asked: { version, files },
          run: () =>
            context.registry.register(model, { version: version ?? undefined, files, owner: context.owner }),
          told: ({ record }) => ({ after: { registered: record.version, sha256: record.sha256 } }),
        });
        return (
          asOffered(registered, context) ?? { ...UNSERVED, ...registered, model, state: VersionState.Waiting }
        );
      },
    }),
  );
  builder.mutationField('retireVersion', (t) =>
    t.field({
      type: versionRef,
      description:
        'Retires a version of the registry: it gets no more tasks, those that it has are finished, and its number is never used again. Repeating it changes nothing. Errors: `BAD_USER_INPUT` for a version that is not in the registry, `VERSION_IN_USE` while the rollout of the model names it, `BROKER_UNAVAILABLE`. For operators (`FORBIDDEN`).',
      args: {
        model: t.arg.string({ required: true, description: 'Name of the model.' }),
        version: t.arg.string({ required: true, description: 'The version, as `models` lists it.' }),
      },
      resolve: async (_root, { model, version }, context) => {
        const retired = await context.audit.act(context, {
          action: 'retireVersion',
          target: model,
          asked: { version },
          run: () => context.registry.retire(model, version, context.owner),
          told: () => ({ after: { retired: version } }),
        });
        const shown = asOffered(retired, context) ?? { ...UNSERVED, ...retired, model };
        return { ...shown, state: VersionState.Leaving };
      },
    }),
  );
}

function defineUploadRules(builder: Builder): void {
  const rulesRef = builder.objectRef<UploadRules>('UploadRules').implement({
    description: 'The rules of a gateway for files and versions that operators bring.',
    fields: (t) => ({
      artifactMaxBytes: t.exposeFloat('artifactMaxBytes', {
        description: 'The most bytes of a file (`BLOB_MAX_UPLOAD_BYTES`).',
      }),
      mustVersionsBeSigned: t.exposeBoolean('mustBeSigned', {
        description:
          'Whether versions must be signed (`MODEL_TRUSTED_KEYS`). Then `registerVersion` refuses all (`SIGNATURE_REQUIRED`), and `npm run model -- push` brings them.',
      }),
    }),
  });
  builder.queryField('uploadRules', (t) =>
    t.field({
      type: rulesRef,
      description:
        'What this gateway asks of files and versions that operators bring, to be looked at before they are sent.',
      resolve: (_root, _args, { uploadRules }) => uploadRules,
    }),
  );
}

/** @returns undefined if this gateway does not know the version yet, or not any more. */
function asOffered({ model, record }: Registered, context: Context): VersionWithShares | undefined {
  return versionsOf(model, context).find((each) => each.record.version === record.version);
}
