/** Clients with only HTTP: mutations over POST, subscriptions over SSE. */
import { closedLoopBenchmark } from '../closedLoop.ts';
import { HttpConnection } from '../httpConnection.ts';
import { overPostAndSse } from '../questions.ts';

const CLIENTS = 256;

export const postSse = closedLoopBenchmark({
  name: 'post-sse',
  about: `${CLIENTS} clients, mutation over POST, taskResult over SSE on the same connection`,
  budgets: { rate: { atLeast: 2_000 } },
  async connect(url, asked, opened) {
    const posts = await HttpConnection.openAll(url, CLIENTS, opened);
    return posts.map((post) => overPostAndSse(post, asked));
  },
});
