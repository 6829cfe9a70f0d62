/** Files between the page and the gateway, or the disk of the user. */
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

/** Reads bytes beside GraphQL, such as a picture that a model has made. */
export async function fetchBytes(path: string, token: string | undefined): Promise<Blob> {
  const answer = await fetch(path, { headers: authorizationOf(token) });
  if (!answer.ok) throw new Error(`The gateway answered ${answer.status} for ${path}.`);
  return answer.blob();
}

/** Stores bytes as a blob. @returns its id, for inputs. */
export async function storeBytes(bytes: Blob, token: string | undefined): Promise<string> {
  const answer = await fetch('/blobs', { method: 'PUT', body: bytes, headers: authorizationOf(token) });
  const body: { readonly blob?: string; readonly errors?: readonly { readonly message: string }[] } =
    await answer.json();
  if (body.blob === undefined)
    throw new Error(body.errors?.[0]?.message ?? `The gateway answered ${answer.status}.`);
  return body.blob;
}
