/** Files between the page and the gateway, or the disk of the user. */
import { refusedBytes } from './refusal.ts';
import { authorizationOf } from './session.ts';

/** Gives the user a file that the page has made. */
export function saveFile(name: string, mediaType: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** As JSON, without the names of types that Apollo Client asks for. */
export function saveJson(name: string, value: unknown): void {
  const withoutTypes = (key: string, member: unknown) => (key === '__typename' ? undefined : member);
  saveFile(name, 'application/json', JSON.stringify(value, withoutTypes, 2));
}

/** Reads bytes beside GraphQL, such as a picture that a model has made. @throws what the gateway refuses. */
export async function fetchBytes(path: string, token: string | undefined): Promise<Blob> {
  const answer = await fetch(path, { headers: authorizationOf(token) });
  if (!answer.ok) throw refusedBytes(answer.status, await answer.text());
  return answer.blob();
}

/** Stores bytes as a blob. @returns its id, for inputs. @throws what the gateway refuses. */
export async function storeBytes(bytes: Blob, token: string | undefined): Promise<string> {
  const answer = await fetch('/blobs', { method: 'PUT', body: bytes, headers: authorizationOf(token) });
  if (!answer.ok) throw refusedBytes(answer.status, await answer.text());
  const { blob }: { readonly blob: string } = await answer.json();
  return blob;
}
