/** One client with one trip at a time: the latency of a task without others before it. */
import { closedLoopBenchmark } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { overWebSocket } from '../questions.ts';

export const single = closedLoopBenchmark({
  name: 'single',
  about: 'one client, one task at a time, over WebSocket',
  budgets: { p50: { atMost: 1 }, p99: { atMost: 4 } },
  async connect(url, asked, opened) {
    const sockets = await GraphQLSocket.openAll(url, 1, opened);
    return sockets.map((socket) => overWebSocket(socket, asked));
  },
});
