/** Relay's `Node` interface, and the query that finds an object by its id alone. */
import type { Task } from '../src/contract/task.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';

export type NodeRef = ReturnType<typeof defineNode>;

/** No id of a task has a colon, so a model and a task never share an id. */
const MODEL_PREFIX = 'model:';

export function defineNode(builder: Builder) {
  const nodeRef = builder.interfaceRef<Model | Task>('Node').implement({
    description: 'An object that `node` finds by its id alone. An id is unique over all types.',
    resolveType: (object) => (isModel(object) ? 'Model' : 'Task'),
    fields: (t) => ({
      id: t.id({
        description: 'Id of the object, for `node`. Opaque.',
        resolve: (object) => (isModel(object) ? `${MODEL_PREFIX}${object.manifest.name}` : object.id),
      }),
    }),
  });
  builder.queryField('node', (t) =>
    t.field({
      type: nodeRef,
      nullable: true,
      description:
        'The task or the model with this id. Null if this gateway does not serve the model. Errors for a task: as for `task`.',
      args: { id: t.arg.id({ required: true, description: 'Id of the object.' }) },
      resolve: (_root, { id }, { models, tasks, readable }) =>
        id.startsWith(MODEL_PREFIX)
          ? models.find(({ manifest }) => manifest.name === id.slice(MODEL_PREFIX.length))
          : tasks.find(id, readable),
    }),
  );
  return nodeRef;
}

function isModel(object: Model | Task): object is Model {
  return 'manifest' in object;
}
