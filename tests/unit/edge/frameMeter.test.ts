/** The bytes of WebSocket messages that are not whole yet. */
import { expect, test } from 'vitest';
import { FrameMeter } from '../../../src/edge/frameMeter.ts';

/** As clients send it, masked with zeros. */
function frame(payload: string, { fin = true, opcode = 1 } = {}): Buffer {
  const { length } = payload;
  const first = (fin ? 0x80 : 0) | opcode;
  const mask = [0, 0, 0, 0];
  const lengths =
    length < 126
      ? [0x80 | length]
      : length < 65_536
        ? [0xfe, length >> 8, length & 0xff]
        : [0xff, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from([first, ...lengths, ...mask]), Buffer.from(payload)]);
}

test.each([
  ['short', 'x'],
  ['of 300 bytes', 'x'.repeat(300)],
  ['of 70,000 bytes', 'x'.repeat(70_000)],
  ['empty', ''],
])('a message that is %s is held until it is whole, in pieces of any length', (_what, payload) => {
  const bytes = frame(payload);
  for (const size of [1, 7, 1_000, bytes.length]) {
    const meter = new FrameMeter();
    let most = 0;
    for (let at = 0; at < bytes.length; at += size) {
      const held = meter.hear(bytes.subarray(at, at + size));
      if (at + size >= bytes.length) expect(held).toBe(0);
      most = Math.max(most, held);
    }
    // What comes in small chunks takes up more.
    if (size === 1_000 && payload.length > 1_000) expect(most).toBeGreaterThan(payload.length - 1_000);
  }
});

test('fragments are held until the last one has come, with pings in between', () => {
  const meter = new FrameMeter();
  const ping = frame('ping', { opcode: 9 });
  expect(meter.hear(frame('x'.repeat(100), { fin: false }))).toBe(100 + 512);
  expect(meter.hear(Buffer.concat([ping, frame('x'.repeat(50), { fin: false, opcode: 0 })]))).toBe(
    150 + 1_024,
  );
  expect(meter.hear(Buffer.concat([frame('x', { opcode: 0 }), frame('y'), frame('z').subarray(0, 6)]))).toBe(
    0,
  );
  expect(meter.hear(frame('z').subarray(6))).toBe(0);
});

test('each fragment counts more than its bytes, also if many come in one chunk', () => {
  const fragments = Array.from({ length: 16_000 }, (_, i) => frame('x', { fin: false, opcode: i ? 0 : 1 }));
  expect(new FrameMeter().hear(Buffer.concat(fragments))).toBe(16_000 * (1 + 256) + 256);
});

test('pings hold no bytes, in any number', () => {
  const meter = new FrameMeter();
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame('x'.repeat(100), { opcode: 9 })));
  for (let at = 0; at < pings.length; at += 333) expect(meter.hear(pings.subarray(at, at + 333))).toBe(0);
});
