/** What the page asks of datasets and trainings, and what operators have made. */
import { graphql } from '../../api/gql/gql.ts';
import type {
  DatasetPartsFragment,
  SettingsPartsFragment,
  WorkPartsFragment,
} from '../../api/gql/graphql.ts';

export const TRAINABLE_MODELS = graphql(`
  query TrainableModels {
    models {
      id
      name
      inputs {
        name
        tensor
        unit
        minimum
        maximum
        default
      }
      training {
        recipe
        class
        timeoutMs
        columns {
          input
          column
        }
        targets {
          output
          expression
        }
        rows
        params {
          name
          description
          type
          unit
          minimum
          maximum
          values
          default
        }
      }
    }
  }
`);

export const DATASETS = graphql(`
  query Datasets($model: String, $after: String) {
    datasets(model: $model, first: 20, after: $after) {
      edges {
        node {
          name
          digest
          model
          createdAt
          rowCount
          usable
          problems {
            message
          }
          files {
            name
            bytes
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

/** Named in operations as `...DatasetParts`. */
export const DATASET_PARTS = graphql(`
  fragment DatasetParts on Dataset {
    name
    digest
    model
    createdAt
    rowCount
    duplicates
    usable
    files {
      name
      sha256
      bytes
      place
    }
    problems {
      message
      column
      count
    }
    columns {
      column
      input
      type
      nulls
      outside
      least
      most
      psi
    }
    profile {
      input
      bounds
      names
      shares
    }
  }
`);

export type DatasetReport = DatasetPartsFragment;

export const DATASETS_OF_NAME = graphql(`
  query DatasetsOfName($name: String!) {
    datasets(name: $name, first: 20) {
      edges {
        node {
          ...DatasetParts
        }
      }
    }
  }
`);

export const TRAININGS = graphql(`
  query Trainings($model: String, $after: String) {
    trainings(model: $model, first: 20, after: $after) {
      edges {
        node {
          id
          modelName
          state
          submittedAt
          finishedAt
          training {
            settings {
              datasets {
                name
                digest
                use
              }
            }
            version
            reused
            gates {
              ...CheckParts
            }
            stages {
              name
              state
            }
            progress {
              done
              of
              unit
            }
          }
          error {
            code
            message
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

/** Named in operations as `...SettingsParts`: what a training was asked for. */
export const SETTINGS_PARTS = graphql(`
  fragment SettingsParts on TrainingSettings {
    datasets {
      name
      digest
      use
    }
    holdoutPercent
    splitBy
    recipe
    params {
      name
      value
    }
    seed
    class
  }
`);

export type TrainingSettings = SettingsPartsFragment;

export const SETTINGS_OF_TRAINING = graphql(`
  query SettingsOfTraining($id: ID!) {
    task(id: $id) {
      id
      modelName
      training {
        settings {
          ...SettingsParts
        }
      }
    }
  }
`);

/** Named in operations as `...WorkParts`: the check of a dataset, or a training. */
export const WORK_PARTS = graphql(`
  fragment WorkParts on Task {
    id
    kind
    modelName
    state
    submittedAt
    startedAt
    finishedAt
    deadline
    owner
    error {
      code
      message
    }
    dataset {
      ...DatasetParts
    }
    training {
      settings {
        ...SettingsParts
      }
      attempts
      reused
      version
      stages {
        name
        state
        startedAt
        finishedAt
        worker
        note
      }
      progress {
        done
        of
        unit
        secondsLeft
        at
        metrics {
          name
          value
        }
      }
      gates {
        ...CheckParts
      }
    }
  }
`);

export type Work = WorkPartsFragment;
export type WorkTraining = NonNullable<Work['training']>;

export const WORK_UPDATES = graphql(`
  subscription WorkUpdates($id: ID!) {
    taskUpdates(id: $id) {
      ...WorkParts
    }
  }
`);

export const TRAINING_LOG = graphql(`
  subscription TrainingLog($id: ID!) {
    trainingLog(id: $id) {
      lines {
        at
        stage
        text
      }
    }
  }
`);

export const ADD_DATASET = graphql(`
  mutation AddDataset($input: AddDatasetInput!, $options: WorkOptions) {
    addDataset(input: $input, options: $options) {
      id
    }
  }
`);

export const TRAIN_MODEL = graphql(`
  mutation TrainModel($input: TrainModelInput!, $options: WorkOptions) {
    trainModel(input: $input, options: $options) {
      id
    }
  }
`);

export const CANCEL_WORK = graphql(`
  mutation CancelWork($id: ID!) {
    cancelTask(id: $id) {
      id
      state
    }
  }
`);
