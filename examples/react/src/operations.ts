/** The operations of the app. `npm run codegen` writes their types to `gql/`. */
import { graphql } from './gql/gql.ts';

export const TASK = graphql(`
  fragment TaskFields on Task {
    id
    state
    submittedAt
    prediction {
      __typename
      ... on TripPrediction {
        durationMinutes
      }
    }
    batch {
      rowCount
      rowsDone
      rowsFailed
      estimatedSecondsLeft
    }
    error {
      code
      message
    }
  }
`);

export const PREDICT_TRIP = graphql(`
  mutation PredictTrip($input: PredictTripInput!, $options: TaskOptions!) {
    task: predictTrip(input: $input, options: $options) {
      ...TaskFields
    }
  }
`);

export const PREDICT_TRIPS = graphql(`
  mutation PredictTrips($inputs: [PredictTripInput!]!, $options: TaskOptions!) {
    task: predictTrips(inputs: $inputs, options: $options) {
      ...TaskFields
    }
  }
`);

export const CANCEL = graphql(`
  mutation Cancel($id: ID!) {
    cancelTask(id: $id) {
      ...TaskFields
    }
  }
`);

export const TASKS = graphql(`
  query Tasks($after: String) {
    tasks(first: 20, after: $after) {
      edges {
        node {
          ...TaskFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const TASKS_UPDATES = graphql(`
  subscription TasksUpdates {
    tasksUpdates(filter: {}) {
      ...TaskFields
    }
  }
`);

export const ROW_PAGE = graphql(`
  query RowPage($id: ID!, $after: String) {
    task(id: $id) {
      id
      batch {
        rows(first: 100, after: $after) {
          firstRow
          rowCount
          predictions {
            __typename
            ... on TripPredictionColumns {
              durationMinutes
            }
          }
          errors {
            row
            code
            message
          }
          pageInfo {
            hasNextPage
            hasPreviousPage
            endCursor
          }
        }
      }
    }
  }
`);
