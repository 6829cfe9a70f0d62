/** Brings a file to the gateway, as an artifact. */
import { PageProblem, refusedBytes } from './refusal.ts';
import { authorizationOf } from './session.ts';

export interface Upload {
  readonly file: File;
  readonly sha256: string;
  readonly token: string | undefined;
  /** Called with the bytes that are sent. */
  readonly tell: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** A file that is there already is not sent again. @throws what the gateway refuses. */
export async function uploadArtifact({ file, sha256, token, tell, signal }: Upload): Promise<void> {
  const path = `/artifacts/${sha256}`;
  const headers = authorizationOf(token);
  if ((await fetch(path, { method: 'HEAD', headers, signal })).ok) return;
  // fetch tells nothing of how far a body is.
  const request = new XMLHttpRequest();
  request.open('PUT', path);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded }) => tell(loaded);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  request.onload = () => {
    if (request.status < 300) resolve();
    else reject(refusedBytes(request.status, request.responseText));
  };
  request.onerror = () =>
    reject(new PageProblem('The gateway does not answer. Try it again: it goes on with what is missing.'));
  const leave = () => {
    request.abort();
    reject(signal.reason);
  };
  signal.addEventListener('abort', leave, { once: true });
  request.send(file);
  await promise.finally(() => signal.removeEventListener('abort', leave));
}
