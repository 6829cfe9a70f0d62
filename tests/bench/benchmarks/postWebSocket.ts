/** The default of most GraphQL clients: mutations over POST, subscriptions over WebSocket. */
import { closedLoopBenchmark, shared } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { HttpConnection } from '../httpConnection.ts';
import { overPostAndWebSocket } from '../questions.ts';

const CLIENTS = 256;

export const postWebSocket = closedLoopBenchmark({
  name: 'post-websocket',
  about: `${CLIENTS} clients, mutation over POST (kept alive), taskResult over WebSocket`,
  budgets: { rate: { atLeast: 3_500 } },
  async connect(url, asked, opened, connections) {
    const sockets = await GraphQLSocket.openAll(url, connections, opened);
    const posts = await HttpConnection.openAll(url, CLIENTS, opened);
    return posts.map((post, i) => overPostAndWebSocket(post, shared(sockets, i), asked));
  },
});
