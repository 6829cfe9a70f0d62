import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { RequestError } from '../../../src/contract/errors.ts';
import { presentError } from '../../../src/edge/requestRules.ts';

const lines: string[] = [];
const log = pino({ base: null }, { write: (line) => lines.push(line) });

test('an error that nobody foresaw is masked, and logged with its cause', () => {
  const cause = new TypeError('the password is 1234');
  const located = new GraphQLError(cause.message, { originalError: cause, path: ['task'] });
  for (const error of [cause, located]) {
    const shown = presentError(error, log);
    expect(shown.message).toBe('Internal error: the gateway has logged what happened.');
    expect(shown.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', http: { status: 500 } });
    expect(JSON.stringify(shown)).not.toContain('1234');
    expect(lines.pop()).toContain('the password is 1234');
  }
  expect(presentError(located, log).path).toEqual(['task']);
});

test('a refused request is shown with its code and details', () => {
  const refused = new RequestError('QUEUE_FULL', 'full', {
    details: { retryAfterMs: 5 },
    cause: new Error('secret'),
  });
  const shown = presentError(new GraphQLError('full', { originalError: refused }), log);
  expect(shown.toJSON()).toEqual({ message: 'full', extensions: { code: 'QUEUE_FULL', retryAfterMs: 5 } });
});
