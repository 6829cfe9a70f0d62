/**
 * Asks the gateway for GraphiQL. This file is a part of the page and runs in browsers.
 *
 * Queries and mutations go over POST with the headers of the Headers editor. A subscription has a WebSocket of its own,
 * whose `connection_init` carries these headers: browsers cannot set them on a WebSocket. So a header that is changed
 * counts from the next run on.
 *
 * @typedef {Record<string, unknown>} Values
 * @typedef {{ query: string, variables?: Values | null, operationName?: string | null | undefined }} Params
 * @typedef {{ next(answer: unknown): void, error(problem: { message: string }): void, complete(): void }} Observer
 */

const LAST_TASK_KEY = 'tidings:lastTask';
const NO_TASK_YET = refusal(
  'No task has been submitted from this page yet: run the first tab, and then this one again.',
);
const NO_ANSWER = 'The gateway does not answer. Does npm start run?';

/**
 * @param {string} lastTask what stands in the variables for the id in the answer to the last mutation.
 * @returns a fetcher as GraphiQL takes it.
 */
export function createFetcher(lastTask) {
  /** @type {(params: Params, options?: { headers?: Values }) => unknown} */
  return (params, { headers = {} } = {}) => {
    const operation = operationOf(params);
    const variables = withLastTask(params.variables ?? {}, lastTask);
    if (variables === undefined) return NO_TASK_YET;
    const operationName = operation === undefined ? params.operationName : operation.name;
    const request = { ...params, variables, operationName };
    if (operation?.type !== 'subscription') return post(request, headers, operation?.type === 'mutation');
    return { subscribe: (/** @type {Observer} */ observer) => subscribe(request, headers, observer) };
  };
}

/** @type {(request: Params, headers: Values, isMutation: boolean) => Promise<unknown>} */
async function post(request, headers, isMutation) {
  // Of an error that is thrown GraphiQL shows the stack.
  const init = {
    method: 'POST',
    headers: { accept: 'application/json', ...asText(headers), 'content-type': 'application/json' },
    body: JSON.stringify(request),
  };
  const response = await fetch(location.pathname, init).catch(() => undefined);
  const text = await response?.text().catch(() => undefined);
  if (response === undefined || text === undefined) return refusal(NO_ANSWER);
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return refusal(`The answer is no JSON (status ${response.status}): ${text.slice(0, 200)}`);
  }
  if (isMutation) rememberTask(answer);
  return answer;
}

/** @type {(message: string) => { errors: { message: string }[] }} */
function refusal(message) {
  return { errors: [{ message }] };
}

/**
 * The protocol is `graphql-transport-ws`.
 *
 * @type {(payload: Params, headers: Values, observer: Observer) => { unsubscribe(): void }}
 */
function subscribe(payload, headers, observer) {
  const address = `${location.origin.replace('http', 'ws')}${location.pathname}`;
  const socket = new WebSocket(address, 'graphql-transport-ws');
  let isOver = false;
  let hasOpened = false;
  const send = (/** @type {object} */ message) => socket.send(JSON.stringify(message));
  const end = (/** @type {() => void} */ tell) => {
    if (isOver) return;
    isOver = true;
    tell();
    socket.close(1000);
  };
  socket.onopen = () => {
    hasOpened = true;
    send({ type: 'connection_init', payload: asText(headers) });
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'connection_ack') send({ type: 'subscribe', id: '1', payload });
    else if (message.type === 'ping') send({ type: 'pong' });
    else if (message.type === 'next' && !isOver) observer.next(message.payload);
    else if (message.type === 'complete') end(() => observer.complete());
    else if (message.type === 'error')
      end(() => {
        observer.next({ errors: message.payload });
        observer.complete();
      });
  };
  socket.onclose = ({ code, reason }) =>
    end(() =>
      observer.error({
        message: hasOpened
          ? `The connection was closed (${code} ${reason}). Run it again: a result that comes meanwhile is kept.`
          : NO_ANSWER,
      }),
    );
  return { unsubscribe: () => end(() => {}) };
}

/**
 * Names of headers may be written in any case, members of a payload may not.
 *
 * @type {(headers: Values) => Record<string, string>}
 */
function asText(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

/**
 * @type {(params: Params) => { type: string | undefined, name: string | undefined } | undefined}
 * @returns the operation that is meant. GraphiQL may still tell the name of the one in the tab before.
 */
function operationOf({ query, operationName }) {
  const words = topLevelOf(query).matchAll(/\b(query|mutation|subscription)\b\s*(\w+)?/g);
  const operations = [...words].map(([, type, name]) => ({ type, name }));
  const [first, ...others] = operations;
  if (others.length > 0) return operations.find(({ name }) => name === operationName);
  return first ?? { type: 'query', name: undefined };
}

/**
 * An operation without comments, texts, and all that stands in brackets.
 *
 * @type {(query: string) => string}
 */
function topLevelOf(query) {
  let depth = 0;
  const characters = [...query.replaceAll(/"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, ' ')];
  return characters
    .map((character) => {
      if ('{(['.includes(character)) depth++;
      if ('})]'.includes(character)) depth--;
      return depth > 0 ? '' : character;
    })
    .join('');
}

/** @type {(answer: { data?: Record<string, { id?: unknown } | null> | null }) => void} */
function rememberTask({ data }) {
  const id = Object.values(data ?? {}).findLast((field) => typeof field?.id === 'string')?.id;
  if (id !== undefined) sessionStorage.setItem(LAST_TASK_KEY, String(id));
}

/**
 * @type {(variables: Values, lastTask: string) => Values | undefined}
 * @returns undefined if a variable asks for the last task, and there is none.
 */
function withLastTask(variables, lastTask) {
  if (!Object.values(variables).includes(lastTask)) return variables;
  const id = sessionStorage.getItem(LAST_TASK_KEY);
  if (id === null) return undefined;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value === lastTask ? id : value]),
  );
}
