/** What a gateway may do at a broker with roles. */
import { expect, test } from 'vitest';
import { permissionsOf } from '../../../src/broker/roles.ts';
import { streams, subjects } from '../../../src/contract/subjects.ts';

/** Whether a subject fits into a pattern with wildcards, token by token. */
function fits(subject: string, pattern: string): boolean {
  const [tokens, wanted] = [subject.split('.'), pattern.split('.')];
  if (wanted.at(-1) === '>') return tokens.length >= wanted.length && fitsAll(wanted.slice(0, -1), tokens);
  return tokens.length === wanted.length && fitsAll(wanted, tokens);
}

function fitsAll(wanted: readonly string[], tokens: readonly string[]): boolean {
  return wanted.every((token, i) => token === '*' || token === tokens[i]);
}

test.each([streams.jobs('trip-duration'), streams.ends, streams.requests, streams.rollouts, streams.actuals])(
  'a gateway may write the probe into %s, where it stores messages that others wait for',
  (stream) => {
    const { allow, deny } = permissionsOf('gateway').publish;
    const probe = subjects.probeOf(stream, 'PROBE0123456789abcdefgh');
    expect(allow.filter((pattern) => fits(probe, pattern))).not.toEqual([]);
    expect(deny.filter((pattern) => fits(probe, pattern))).toEqual([]);
  },
);
