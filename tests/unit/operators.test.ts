import { describe, expect, test } from 'vitest';
import { operatorGate } from '../../src/edge/operators.ts';

describe('without a token', () => {
  test('who asks this machine by its own name passes, and a page whose name was made to point here does not', () => {
    for (const host of ['127.1.2.3', 'localhost', '::1'])
      operatorGate({ operatorToken: undefined, host })('', 'localhost');
    const gate = operatorGate({ operatorToken: undefined, host: '127.0.0.1' });
    for (const host of ['127.0.0.1:4000', 'localhost:4000', 'localhost', '[::1]:4000']) gate(undefined, host);
    for (const host of ['evil.example:4000', '127.0.0.1.evil.example', '', undefined, 'a b']) {
      expect(() => gate(undefined, host)).toThrow('must be asked as localhost');
    }
  });

  test('nobody passes a gateway that other machines can reach', () => {
    for (const host of ['0.0.0.0', '::', '192.168.0.1', '127.example.org']) {
      const gate = operatorGate({ operatorToken: undefined, host });
      expect(() => gate('Bearer whatever', 'localhost')).toThrow('has no OPERATOR_TOKEN set');
    }
  });
});

test('with a token, who brings it passes under any name, and nobody else', () => {
  const gate = operatorGate({ operatorToken: 'a-token-of-some-length', host: '0.0.0.0' });
  gate('Bearer a-token-of-some-length', 'gateway.example');
  for (const wrong of ['Bearer another-token', 'a-token-of-some-length', '', undefined, 7]) {
    expect(() => gate(wrong, 'localhost')).toThrow('This is for operators');
  }
});
