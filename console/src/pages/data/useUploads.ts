import { useEffect, useRef, useState } from 'react';
import { useSignedIn } from '../../app/signedIn.ts';
import { sha256Of } from './sha256.ts';
import { uploadArtifact } from './uploadArtifact.ts';

/** How far a file is. */
export interface UploadState {
  readonly step: 'hash' | 'send' | 'there';
  readonly bytes: number;
}

export interface SentFile {
  readonly name: string;
  readonly sha256: string;
}

/** Sends files one after the other, each with its digest, and tells how far each is. */
export function useUploads() {
  const { token } = useSignedIn();
  const [states, setStates] = useState<ReadonlyMap<File, UploadState>>(new Map());
  const leaving = useRef<AbortController>(undefined);
  useEffect(() => () => leaving.current?.abort(), []);

  /** @throws with the name of the file. */
  async function send(files: readonly File[]): Promise<readonly SentFile[]> {
    leaving.current = new AbortController();
    const { signal } = leaving.current;
    const sent: SentFile[] = [];
    setStates(new Map());
    for (const file of files) {
      const tellOf = (step: UploadState['step']) => (bytes: number) =>
        setStates((before) => new Map(before).set(file, { step, bytes }));
      try {
        const sha256 = await sha256Of(file, tellOf('hash'), signal);
        await uploadArtifact({ file, sha256, token, tell: tellOf('send'), signal });
        tellOf('there')(file.size);
        sent.push({ name: file.name, sha256 });
      } catch (error) {
        throw new Error(`${file.name}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
    return sent;
  }
  return { states, send };
}
