/** The messages of one turn over a WebSocket, through a real socket. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { EdgeEvents } from '../../../src/edge/edgeEvents.ts';
import { boundedWebSocket } from '../../../src/edge/slowClients.ts';
import { SILENT } from '../../support/models.ts';

/** Around the lengths at which the head of a frame grows. */
const LENGTHS = [1, 125, 126, 65_535, 65_536, 200_000];

test.each([
  ['ASCII', 'a'],
  ['umlauts', 'ü'],
  ['characters beyond the basic plane', '🚕'],
])('texts of %s arrive whole, in order, and before the close frame', async (_what, character) => {
  const texts = LENGTHS.map((length) => character.repeat(length));
  expect(await heard(texts)).toEqual([...texts, 1000]);
});

/** Sends the texts and a close frame in one turn. Returns what the client hears. */
async function heard(texts: readonly string[]): Promise<readonly (string | number)[]> {
  await using http = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    WebSocket: boundedWebSocket({ maxBufferedBytes: 10_000_000, events: new EdgeEvents(), log: SILENT }),
  });
  http.on('upgrade', (request, connection, head) =>
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.sendOver(connection);
      for (const text of texts) socket.deliver(text);
      socket.close(1000);
    }),
  );
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const messages: (string | number)[] = [];
  client.on('message', (data) => messages.push(String(data)));
  const [code] = await once(client, 'close');
  return [...messages, code];
}
