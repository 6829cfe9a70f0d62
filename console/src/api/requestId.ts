const BYTES = 16;

/** An id for a request, so that the same request sent again does nothing twice. `randomUUID` is not there without HTTPS. */
export function newRequestId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
