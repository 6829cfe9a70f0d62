/**
 * `/health` (the process answers) and `/ready` (it can bring a task to its end), for balancers and container engines.
 *
 * These may ask by address, in HTTP/1.0 without a Host, or with another method (HAProxy: OPTIONS). So neither path
 * looks at the Host, and all reading methods get the same answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson } from './answers.ts';
import type { Readiness } from './readiness.ts';
import { queryOf } from './target.ts';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** The values of `/ready?without=`. */
const LEFT_OUT = ['workers'];

/** An HTTP status and its body. */
type Condition = readonly [status: number, body: object];

export function answerHealth(request: IncomingMessage, response: ServerResponse): Promise<void> {
  return answer(request, response, async () => [200, { status: 'alive' }]);
}

export function answerReady(
  request: IncomingMessage,
  response: ServerResponse,
  readiness: Readiness,
): Promise<void> {
  return answer(request, response, () => conditionOf(readiness, queryOf(request)));
}

async function answer(
  { method = '' }: IncomingMessage,
  response: ServerResponse,
  ask: () => Promise<Condition>,
): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  if (!METHODS.includes(method)) {
    response.setHeader('allow', METHODS.join(', '));
    const error = `The method must be one of ${METHODS.join(', ')}, got ${method}.`;
    return answerJson(response, 405, { error });
  }
  answerJson(response, ...(await ask()));
}

async function conditionOf(readiness: Readiness, query: string): Promise<Condition> {
  const without = new URLSearchParams(query).getAll('without');
  const unknown = without.find((name) => !LEFT_OUT.includes(name));
  if (unknown !== undefined) {
    const got = JSON.stringify(unknown.slice(0, 40));
    return [400, { error: `without must be ${LEFT_OUT.join(' or ')}, got ${got}.` }];
  }
  const notReady = await readiness.problem({ withoutWorkers: without.includes('workers') });
  return notReady === undefined
    ? [200, { status: 'ready' }]
    : [503, { status: 'not ready', problem: notReady.problem, code: notReady.code }];
}
