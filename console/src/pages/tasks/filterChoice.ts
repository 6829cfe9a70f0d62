/** Which tasks the list shows. It stands in the address of the page, which can be kept and sent to others. */
import type { TaskState } from '../../api/gql/graphql.ts';
import { STATES } from '../../parts/states.ts';

export interface FilterChoice {
  /** Empty: all. */
  readonly states: readonly TaskState[];
  readonly model: string | undefined;
  readonly label: string;
  readonly isMine: boolean;
}

export function choiceIn(query: URLSearchParams): FilterChoice {
  const states = query.getAll('state');
  return {
    states: STATES.filter((state) => states.includes(state)),
    model: query.get('model') ?? undefined,
    label: query.get('label') ?? '',
    isMine: query.has('mine'),
  };
}

export function queryOf({ states, model, label, isMine }: FilterChoice): URLSearchParams {
  return new URLSearchParams([
    ...states.map((state) => ['state', state]),
    ...(model === undefined ? [] : [['model', model]]),
    ...(label === '' ? [] : [['label', label]]),
    ...(isMine ? [['mine', '1']] : []),
  ]);
}
