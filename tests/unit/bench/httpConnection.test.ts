import { describe, expect, test } from 'vitest';
import { bodyOf } from '../../bench/httpConnection.ts';

describe('the body of an HTTP answer', () => {
  test('ends where its length says', () => {
    expect(bodyOf('HTTP/1.1 200 OK\r\nContent-Length: 4', 'bod')).toBeUndefined();
    expect(bodyOf('HTTP/1.1 200 OK\r\nContent-Length: 4', 'body')).toBe('body');
  });

  test('ends with its last chunk', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked';
    const chunked = '3\r\n:\n\n\r\nb\r\ndata: {}\n\n\n\r\n0\r\n\r\n';
    for (let i = 0; i < chunked.length; i++) expect(bodyOf(head, chunked.slice(0, i))).toBeUndefined();
    expect(bodyOf(head, chunked)).toBe(':\n\ndata: {}\n\n\n');
  });

  test('must have an end', () => {
    expect(() => bodyOf('HTTP/1.1 200 OK\r\nConnection: close', '')).toThrow('a body must have an end');
  });
});
