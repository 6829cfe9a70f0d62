/** The other systems of `npm run bench -- peers`, each with real processes. Those without a server here are skipped. */
import { expect, test } from 'vitest';
import { clientsOver } from '../bench/closedLoop.ts';
import { GraphQLSocket } from '../bench/graphqlSocket.ts';
import { missingFor, PEERS } from '../bench/peers/peers.ts';
import { tripQuestions } from '../bench/questions.ts';

const CLIENTS = 8;
const TASKS_EACH = 25;

test.for(PEERS)('every answer of $name is right, and its processes end', async (peer, { skip }) => {
  const missing = await missingFor(peer);
  skip(missing !== undefined, missing);
  await using opened = new AsyncDisposableStack();
  const system = opened.use(await peer.start());
  const asked = await tripQuestions();
  const sockets = await GraphQLSocket.openAll(system.url, 2, opened);
  await Promise.all(
    clientsOver(sockets, CLIENTS, asked, peer.over).map(async (exchange, client) => {
      for (let task = 0; task < TASKS_EACH; task++) await exchange(client + task * CLIENTS);
    }),
  );
  await opened.disposeAsync();
  for (const pid of Object.values(system.pids).flat()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('a wrong answer of a peer is noticed', async () => {
  const [peer] = PEERS.filter(({ needs }) => needs === undefined);
  await using opened = new AsyncDisposableStack();
  const system = opened.use(await (peer ?? expect.unreachable()).start());
  const asked = await tripQuestions();
  const [socket = expect.unreachable()] = await GraphQLSocket.openAll(system.url, 1, opened);
  const other = { ...asked, submissionWithAnswer: (row: number) => asked.submissionWithAnswer(row + 1) };
  await expect(peer?.over(socket, other)(0)).rejects.toThrow('row 0 must give durationMinutes');
});

test('a peer without its server is left out, with what to install', async () => {
  const [peer = expect.unreachable()] = PEERS.filter(({ name }) => name === 'BullMQ');
  const { needs = expect.unreachable() } = peer;
  expect(await missingFor({ ...peer, needs: { ...needs, isThere: () => false } })).toBe(
    'BullMQ is left out because there is no redis-server here: on Debian and Ubuntu, apt-get install redis-server brings one.',
  );
});
