/** What the page asks of models, and what operators change. */
import { graphql } from '../../api/gql/gql.ts';
import type {
  ModelDetailsQuery,
  ModelListQuery,
  RolloutComparisonSubscription,
  SeenModelPartsFragment,
} from '../../api/gql/graphql.ts';

/** Workers that come and go, and shares as they are observed, have no subscription of their own. */
export const ASK_EVERY_MS = 3_000;

export const MODEL_LIST = graphql(`
  query ModelList {
    models {
      id
      name
      description
      isPaused
      live {
        version
        state
      }
      rollout {
        version
        percent
        isThere
      }
      training {
        class
      }
      unreadableVersions {
        version
      }
      versions {
        version
        state
        shadowPercent
        liveWorkers
      }
    }
  }
`);

export type ListedModel = ModelListQuery['models'][number];

/** Named in operations as `...SeenModelParts`. */
export const SEEN_MODEL = graphql(`
  fragment SeenModelParts on Model {
    id
    name
    description
    isPaused
    live {
      version
      state
    }
    rollout {
      version
      percent
      isThere
    }
    training {
      recipe
      class
    }
    unreadableVersions {
      version
      reason
    }
    versions {
      version
      state
      reason
      weightPercent
      observedPercent
      shadowPercent
      liveWorkers
      runtime
      environment
      origin
      bytes
      digest
      createdAt
      trainedOn
      metrics {
        data
        name
        unit
        value
      }
      liveError {
        output
        unit
        count
        mae
        rmse
      }
      gates {
        ...CheckParts
      }
      provenance {
        runKey
        datasets {
          name
          digest
          use
        }
        recipe
        recipeDigest
        params {
          name
          value
        }
        seed
        environment
        reproducible
        trainer
        revision
      }
    }
  }
`);

/** Of one model: all versions of all models would be too much for one operation. */
export const MODEL_DETAILS = graphql(`
  query ModelDetails($id: ID!) {
    node(id: $id) {
      ...SeenModelParts
    }
    workers {
      id
      models {
        modelName
        version
        provider
        deviceMemoryMib
      }
    }
  }
`);

export type SeenModel = SeenModelPartsFragment;
export type SeenVersion = SeenModel['versions'][number];
export type SeenWorker = ModelDetailsQuery['workers'][number];

export const SET_ROLLOUT = graphql(`
  mutation SetRollout(
    $model: String!
    $weights: [VersionWeight!]!
    $shadow: [VersionWeight!]!
    $moveQueued: Boolean!
  ) {
    setRollout(model: $model, weights: $weights, shadow: $shadow, moveQueued: $moveQueued) {
      movedTasks
      heldTasks
      stoppedBy
      model {
        id
      }
    }
  }
`);

export const REGISTER_VERSION = graphql(`
  mutation RegisterVersion($model: String!, $version: String, $files: [VersionFileInput!]!) {
    registerVersion(model: $model, version: $version, files: $files) {
      version
    }
  }
`);

export const RETIRE_VERSION = graphql(`
  mutation RetireVersion($model: String!, $version: String!) {
    retireVersion(model: $model, version: $version) {
      version
      state
    }
  }
`);

export const ROLLOUT_COMPARISON = graphql(`
  subscription RolloutComparison($model: String!) {
    rolloutComparison(model: $model) {
      since
      gatewayCount
      versions {
        version
        shadowVersion
        sentTasks
        comparedTasks
        failedTasks
        durations {
          meanComputeMs
          p95ComputeMs
          p95LatencyMs
        }
        shadowDurations {
          meanComputeMs
          p95ComputeMs
          p95LatencyMs
        }
        outputs {
          output
          unit
          count
          differentCount
          meanDifference
          meanAbsoluteDifference
          largestAbsoluteDifference
        }
      }
    }
  }
`);

/** The figures of a moment. */
export interface ComparisonPoint extends RolloutFigures {
  readonly atSeconds: number;
}
type RolloutFigures = RolloutComparisonSubscription['rolloutComparison'];
