/** The mutation by which operators retire versions of the registry. */
import { VersionState } from '../src/rollout/offering.ts';
import type { Builder } from './builder.ts';
import { versionsOf } from './model.ts';
import type { ModelVersionRef } from './modelVersion.ts';

/** What is told of a version that is retired and that no worker has any more. */
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
        const offered = versionsOf(retired.model, context).find(({ record }) => record.version === version);
        return { ...(offered ?? { ...UNSERVED, ...retired, model }), state: VersionState.Leaving };
      },
    }),
  );
}
