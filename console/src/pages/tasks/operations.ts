/** The operations of the page Tasks. `npm run codegen` writes their types. */
import { graphql } from '../../api/gql/gql.ts';

export const LISTED_TASK = graphql(`
  fragment ListedTask on Task {
    id
    modelName
    modelVersion
    state
    submittedAt
    startedAt
    finishedAt
    attempts
    labels
    owner
    error {
      code
    }
    batch {
      rowCount
      rowsDone
      rowsFailed
    }
  }
`);

export const TASKS = graphql(`
  query Tasks($filter: TaskFilter) {
    tasks(filter: $filter, first: 50) {
      edges {
        node {
          ...ListedTask
        }
      }
    }
  }
`);

export const TASKS_UPDATES = graphql(`
  subscription TasksUpdates($filter: TaskFilter!) {
    tasksUpdates(filter: $filter) {
      ...ListedTask
    }
  }
`);

export const TASK_DETAILS = graphql(`
  query TaskDetails($id: ID!) {
    task(id: $id) {
      ...ListedTask
      kind
      priority
      requestId
      deadline
      expiresAt
      history
      worker
      traceId
      traceUrl
      log {
        at
        event
        process
        detail
      }
      input {
        name
        value
      }
    }
  }
`);

export const RETRY = graphql(`
  mutation RetryTask($id: ID!) {
    retryTask(id: $id) {
      id
    }
  }
`);
