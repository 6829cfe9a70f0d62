/** The other process for round trips: it echoes WebSocket messages, and messages of its parent over IPC. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (message) => process.send?.(message));
process.on('disconnect', () => process.exit(0));
