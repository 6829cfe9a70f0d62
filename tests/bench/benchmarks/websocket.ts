/** Everything over WebSockets, as in browsers: the highest rate of one gateway and one worker. */
import { clientsOver, closedLoopBenchmark } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';

const CLIENTS = 256;

export const websocket = closedLoopBenchmark({
  name: 'websocket',
  about: `${CLIENTS} clients, mutation then taskResult over WebSocket`,
  budgets: { rate: { atLeast: 12_000 }, cpu: { atMost: 0.1 } },
  async connect(url, asked, opened, connections) {
    const sockets = await GraphQLSocket.openAll(url, connections, opened);
    return clientsOver(sockets, CLIENTS, asked);
  },
});
