/**
 * The highest rates of the parts alone on this machine, which limit the whole system. They are the same for every
 * revision, so in a comparison their ratios show how steady the machine is.
 */
import { type Benchmark, figure } from '../benchmark.ts';
import { startEchoProcess } from '../parts/echoes.ts';
import { jetStreamRates } from '../parts/jetStream.ts';
import { runRate } from '../parts/onnx.ts';

/** The share of a load's time that each part gets. */
const SHARE = 1 / 3;

export const parts: Benchmark = {
  name: 'parts',
  about: 'what the parts can do alone',
  async prepare(_revision, settings) {
    const seconds = settings.seconds * SHARE;
    return {
      async measure() {
        await using echo = await startEchoProcess();
        const webSocket = await echo.webSocketRoundTrips(seconds, 256);
        const oneAtATime = await echo.webSocketRoundTrips(seconds, 1);
        const ipc = await echo.ipcRoundTrips(seconds);
        const { published, delivered } = await jetStreamRates(seconds);
        return [
          figure('WebSocket round trips/s, 256 under way', 0, webSocket),
          figure('WebSocket round trips/s, one under way', 0, oneAtATime),
          figure('JetStream, file: stored and acknowledged/s, 256 under way', 0, published),
          figure('JetStream: delivered to a pull consumer and acknowledged/s', 0, delivered),
          figure('session IPC round trips/s, batch of 64, one under way', 0, ipc),
          figure('ONNX Runtime runs/s, 1 row', 0, await runRate(1, seconds)),
          figure('ONNX Runtime runs/s, 64 rows', 0, await runRate(64, seconds)),
        ];
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};
