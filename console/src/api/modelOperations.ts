/**
 * Operations that depend on the models of the system, such as `predictTrip`. No build can know them, so their texts are
 * made here from what `models` tells. Fields of outputs follow the rules of the schema: docs/schema.md.
 */
import { gql, type TypedDocumentNode } from '@apollo/client';
import type { Model, ModelField } from './models.ts';

/** The most elements of a tensor, and items of a list, that a page shows. */
const SHOWN_ELEMENTS = 200;
const SHOWN_DETECTIONS = 50;
const SHOWN_LABELS = 5;

export interface Timings {
  readonly queueMs: number;
  readonly batchMs: number;
  readonly computeMs: number;
  readonly batchSize: number;
}

/** Values of outputs by name, as the fields of their types give them. */
export type Values = Readonly<Record<string, unknown>>;

export interface PredictedTask {
  readonly id: string;
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'EXPIRED';
  readonly modelVersion: string;
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly attempts: number;
  readonly timings: Timings | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly prediction: Values | null;
  readonly batch: {
    readonly rowCount: number;
    readonly rowsDone: number;
    readonly rowsFailed: number;
    readonly estimatedSecondsLeft: number | null;
  } | null;
  /** Only models that give outputs before their end have it. */
  readonly partial?: { readonly sequence: number; readonly output: Values } | null;
}

export interface PageOfRows {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly predictions: Readonly<Record<string, readonly unknown[]>>;
  readonly errors: readonly { readonly row: number; readonly code: string; readonly message: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The mutation of one input, or of many rows. Its field has the alias `task`. */
export function submission(model: Model, isForRows: boolean) {
  const field = isForRows ? model.batchMutation : model.mutation;
  const type = isForRows ? `[${model.inputType}!]!` : `${model.inputType}!`;
  const argument = isForRows ? 'inputs' : 'input';
  return `mutation Submit($${argument}: ${type}, $options: TaskOptions) {
  task: ${field}(${argument}: $${argument}, options: $options) {
    id
    state
  }
}`;
}

/** The subscription that pushes each change of a task until its end. */
export function updates(model: Model): string {
  const partial =
    model.partialType === null
      ? ''
      : `
    partial {
      sequence
      output {
        ... on ${model.partialType} {
${indented(8, model.outputs.map(selectionOf))}
        }
      }
    }`;
  return `subscription Updates($id: ID!) {
  task: taskUpdates(id: $id) {
${indented(4, TASK_FIELDS)}
    prediction {
${indented(6, predictionOf(model))}
    }${partial}
  }
}`;
}

/** A page of the rows of a row batch. */
export function rowsQuery(model: Model): string {
  return `query Rows($id: ID!, $first: Int!, $after: String) {
  task(id: $id) {
    id
    batch {
      rows(first: $first, after: $after) {
        firstRow
        rowCount
        predictions {
          ... on ${model.columnsType} {
${indented(12, model.outputs.map(selectionOf))}
          }
        }
        errors {
          row
          code
          message
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
}`;
}

/** The text as a document whose answer has the type that the caller names. */
export function documentOf<Answer, Variables extends Record<string, unknown>>(text: string) {
  return gql(text) as TypedDocumentNode<Answer, Variables>;
}

const TASK_FIELDS = [
  'id',
  'state',
  'modelVersion',
  'submittedAt',
  'startedAt',
  'finishedAt',
  'attempts',
  'timings { queueMs batchMs computeMs batchSize }',
  'error { code message }',
  'batch { rowCount rowsDone rowsFailed estimatedSecondsLeft }',
];

function predictionOf({ predictionType, outputs }: Model): readonly string[] {
  return [`... on ${predictionType} {`, ...outputs.map((output) => `  ${selectionOf(output)}`), '}'];
}

function selectionOf({ name, kind, labels, shape, valueType, exact }: ModelField): string {
  if (kind === 'IMAGE') return `${name} { width height mediaType url }`;
  if (kind === 'DETECTIONS')
    return `${name} { count list(first: ${SHOWN_DETECTIONS}) { label score box { x1 y1 x2 y2 } } }`;
  if (labels !== null) return `${name} { top(k: ${SHOWN_LABELS}) { label score } }`;
  if (shape === null) return name;
  if (valueType === 'STRING') return `${name} { shape texts(first: ${SHOWN_ELEMENTS}) }`;
  const list = valueType === 'BOOLEAN' ? 'booleans' : exact ? 'integers' : 'values';
  return `${name} { shape ${list}(first: ${SHOWN_ELEMENTS}) url }`;
}

function indented(spaces: number, lines: readonly string[]): string {
  return lines.map((line) => ' '.repeat(spaces) + line).join('\n');
}
