import { graphql } from '../api/gql/gql.ts';
import { useModels } from '../api/models.ts';
import { type Check, type Output, type ReadCheck, readCheck } from './gateChecks.ts';

/** Named in operations as `...CheckParts`. */
export const CHECK_PARTS = graphql(`
  fragment CheckParts on Check {
    name
    observed
    live
    limit
    count
    verdict
  }
`);

/** The checks of a gate of a model, in words and with the units of its outputs. */
export function useGateChecks(model: string, checks: readonly Check[]): readonly ReadCheck[] {
  const outputs = useOutputs(model);
  return checks.map((check) => readCheck(check, outputs));
}

/** The outputs of a model; none until they are known. */
export function useOutputs(model: string): readonly Output[] {
  const { models } = useModels();
  return models?.find(({ name }) => name === model)?.outputs ?? [];
}
