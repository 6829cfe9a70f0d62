/**
 * Finds out why a broker refuses the certificate of a client. With TLS 1.3 a server looks at it after the client has
 * finished its part, and the client library then waits until its time limit is over, without the reason. So this opens
 * one more connection, as far as the answer of the server.
 */
import { once } from 'node:events';
import { connect as connectTcp, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { messageOf } from '../contract/errors.ts';

const WITHIN_MS = 2_000;
const NATS_PORT = 4222;

/**
 * @param server as `host:port`, or without a port.
 * @returns undefined if it does not refuse within 2 s.
 */
export async function tlsRefusal(
  server: string,
  certificates: ConnectionOptions,
): Promise<string | undefined> {
  const { hostname, port } = new URL(`nats://${server}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  const signal = AbortSignal.timeout(WITHIN_MS);
  const socket = connectTcp({ host, port: Number(port) || NATS_PORT });
  socket.on('error', () => {});
  try {
    // A broker tells about itself before the encryption begins.
    await once(socket, 'data', { signal });
    const encrypted = connectTls({
      ...certificates,
      socket,
      ...(isIP(host) === 0 && { servername: host }),
    });
    encrypted.on('error', () => {}).resume();
    await once(encrypted, 'close', { signal });
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    return error instanceof Error && 'reason' in error ? String(error.reason) : messageOf(error);
  } finally {
    socket.destroy();
  }
}
