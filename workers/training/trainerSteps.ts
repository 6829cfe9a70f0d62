/** The steps of trainings and checks, with all that they need. Each is loaded when it is run for the first time. */
import { readSigningKey } from '../../src/registry/signature.ts';
import { sessionLimit } from '../runtimes/memoryLimit.ts';
import { concluding } from './conclude.ts';
import { dataProcess as data } from './dataProcess.ts';
import { liveProfile, liveVersion } from './liveVersion.ts';
import type { RunnerOptions } from './runner.ts';
import type { TrainerParts } from './runTrainer.ts';

export function trainerSteps({
  broker,
  artifacts,
  config,
}: TrainerParts): Pick<RunnerOptions, 'steps' | 'conclude'> {
  const { datasetsDir, modelsDir, modelSigningKey, recipeEnv } = config;
  const { datasets, versions } = broker;
  const signingKey = modelSigningKey === undefined ? undefined : readSigningKey(modelSigningKey);
  return {
    steps: {
      check: async (context) => {
        const { checkStep } = await import('./check.ts');
        const check = checkStep({ datasetsDir, data, liveProfile: () => liveProfile(broker, context.model) });
        return check(context);
      },
      prepare: async (context) => {
        const { prepareStep } = await import('./prepare.ts');
        return prepareStep({ datasetsDir, data, datasets })(context);
      },
      train: async (context) => {
        const { trainStep } = await import('./train.ts');
        const limits = {
          maxMib: config.sessionMaxMib ?? 0,
          sessionMaxMib: (await sessionLimit(config)).maxMib,
        };
        return trainStep({ modelsDir, datasetsDir, recipeEnv, findVersion, ...limits })(context);
      },
      evaluate: async (context) => {
        const { evaluateStep } = await import('./evaluate.ts');
        const { maxMib } = await sessionLimit(config);
        const { executionProviders, cudaVisibleDevices, sessionThreads: threads } = config;
        const live = () => liveVersion(broker, context);
        return evaluateStep({
          ...{ datasetsDir, data, datasets, executionProviders, cudaVisibleDevices, threads, maxMib },
          liveVersion: live,
        })(context);
      },
    },
    conclude: concluding({ broker, artifacts, modelsDir, signingKey }),
  };

  async function findVersion(model: string, runKey: string): Promise<string | undefined> {
    const content = await versions.read();
    const found = content.versions.findLast(
      (each) =>
        each.model === model && each.retired === undefined && each.record?.provenance?.runKey === runKey,
    );
    return found?.version;
  }
}
