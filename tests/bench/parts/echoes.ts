/** Round trips to another process: over WebSockets as for clients, and over IPC as for batches. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';

export interface EchoProcess extends AsyncDisposable {
  /**
   * Sends messages of 150 bytes, which is about the size of a task's messages.
   *
   * @param underWay the number of messages at the same time, over at most 32 WebSockets.
   * @returns the round trips per second.
   */
  webSocketRoundTrips(seconds: number, underWay: number): Promise<number>;
  /** Sends three columns of 64 numbers, one message after the other. @returns the round trips per second. */
  ipcRoundTrips(seconds: number): Promise<number>;
}

const SOCKETS = 32;
const MESSAGE = 'x'.repeat(150);
const BATCH = 64;

export async function startEchoProcess(): Promise<EchoProcess> {
  const child = fork(join(import.meta.dirname, 'echoProcess.ts'), { serialization: 'advanced' });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    async webSocketRoundTrips(seconds, underWay) {
      const socketCount = Math.min(SOCKETS, underWay);
      const sockets = await Promise.all(Array.from({ length: socketCount }, () => openSocket(port)));
      let count = 0;
      for (const socket of sockets) {
        socket.on('message', () => {
          count++;
          socket.send(MESSAGE);
        });
        for (let i = 0; i < underWay / socketCount; i++) socket.send(MESSAGE);
      }
      const rate = await rateOver(seconds, () => count);
      for (const socket of sockets) socket.terminate();
      return rate;
    },
    async ipcRoundTrips(seconds) {
      const zones = BigInt64Array.from({ length: BATCH }, (_, i) => BigInt(i));
      const batch = { pickup: zones, dropoff: zones, distance: new Float32Array(BATCH) };
      let count = 0;
      const again = () => {
        count++;
        child.send(batch);
      };
      child.on('message', again);
      child.send(batch);
      const rate = await rateOver(seconds, () => count);
      child.off('message', again);
      return rate;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

/** The growth of a count per second. */
export async function rateOver(seconds: number, count: () => number): Promise<number> {
  const [before, startedAt] = [count(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return (count() - before) / ((performance.now() - startedAt) / 1_000);
}

async function openSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}
