/** The operations of the page Operate. `npm run codegen` writes their types. */
import { graphql } from '../../api/gql/gql.ts';
import type { AuditLogQuery, DeadLettersQuery, SystemStatsSubscription } from '../../api/gql/graphql.ts';

export const SYSTEM_STATS = graphql(`
  subscription SystemStats {
    systemStats {
      at
      processes {
        id
        role
        startedAt
        cpuCores
        memoryBytes
        eventLoopDelayMs
        busy
        connections
        subscriptions
        worker {
          id
          models {
            modelName
            version
            provider
          }
          leaving {
            modelName
            version
          }
        }
      }
      models {
        modelName
        acceptedPerSecond
        succeededPerSecond
        failedPerSecond
        refusedPerSecond
        p50Ms
        p99Ms
      }
      queues {
        modelName
        version
        lane
        waiting
        inHand
        endedPerSecond
        backlogSeconds
        isPaused
      }
      stores {
        name
        messages
        bytes
        maxBytes
      }
      alerts {
        name
        severity
        summary
        advice
        modelName
        since
      }
    }
  }
`);

export type Stats = SystemStatsSubscription['systemStats'];
export type ProcessOf = Stats['processes'][number];
export type QueueOf = Stats['queues'][number];

export const DEAD_LETTERS = graphql(`
  query DeadLetters($after: String) {
    deadLetters(first: 100, after: $after) {
      edges {
        node {
          taskId
          modelName
          modelVersion
          code
          reason
          attempts
          lastWorker
          submittedAt
          diedAt
          job
          history
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type DeadLetter = DeadLettersQuery['deadLetters']['edges'][number]['node'];

export const REDRIVE = graphql(`
  mutation RedriveDeadLetter($id: ID!) {
    redriveDeadLetter(id: $id) {
      id
    }
  }
`);

export const REDRIVE_ALL = graphql(`
  mutation RedriveDeadLetters($model: String!) {
    redriveDeadLetters(model: $model) {
      redriven
      kept
      stoppedBy
    }
  }
`);

export const DISCARD = graphql(`
  mutation DiscardDeadLetter($id: ID!) {
    discardDeadLetter(id: $id) {
      taskId
    }
  }
`);

export const AUDIT_LOG = graphql(`
  query AuditLog($after: String) {
    auditLog(first: 50, after: $after) {
      edges {
        cursor
        node {
          id
          at
          action
          outcome
          owner
          address
          target
          code
          asked
          before
          after
          leftOut
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type AuditEntry = AuditLogQuery['auditLog']['edges'][number]['node'];
