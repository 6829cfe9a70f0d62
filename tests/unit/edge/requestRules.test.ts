import { type FieldNode, GraphQLError, parse, visit } from 'graphql';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { RequestError } from '../../../src/contract/errors.ts';
import { parseOperation, presentError, withoutHttp } from '../../../src/edge/requestRules.ts';

const lines: string[] = [];
const log = pino({ base: null }, { write: (line) => lines.push(line) });

test('an unforeseen error is masked, and logged with its cause', () => {
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

test('an error names 10 places at most', () => {
  const nodes: FieldNode[] = [];
  visit(parse(`{ ${'id '.repeat(90)}}`), { Field: (field) => void nodes.push(field) });
  const error = new GraphQLError('twice', { nodes, extensions: { code: 'SOME_CODE' } });
  expect(withoutHttp(presentError(error, log)).toJSON()).toEqual({
    message: 'twice',
    locations: Array.from({ length: 10 }, (_, i) => ({ line: 1, column: 3 + i * 3 })),
    extensions: { code: 'SOME_CODE' },
  });
});

test('an error with a code and few places is passed on as it is, so that its lines are not counted again', () => {
  const error = new GraphQLError('unknown', { extensions: { code: 'SOME_CODE' } });
  expect(withoutHttp(presentError(error, log))).toBe(error);
});

test('an operation with more lines than it may have tokens is refused before it is parsed', () => {
  const limits = { maxDepth: 12, maxTokens: 2_000, maxAliases: 30, maxComplexity: 1_000 };
  for (const lineEnd of ['\n', '\r', '\r\n'])
    expect(() => parseOperation(`{ ${lineEnd.repeat(2_000)} }`, limits)).toThrow('2000 lines at most');
});

test('an operation with so many brackets that the parser overflows is QUERY_TOO_COMPLEX', () => {
  const limits = { maxTokens: 1_000_000 } as Parameters<typeof parseOperation>[1];
  const brackets = 100_000;
  const text = `{a(b:${'['.repeat(brackets)}${']'.repeat(brackets)})}`;
  expect(() => parseOperation(text, limits)).toThrow('64 brackets within each other at most');
});
