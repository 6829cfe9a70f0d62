import { useEffect, useRef, useState } from 'react';
import { messageOf, PageProblem } from './refusal.ts';
import { sha256Of } from './sha256.ts';
import { useSignedIn } from './signedIn.ts';
import { uploadArtifact } from './uploadArtifact.ts';

/** How far a file is. */
export interface UploadState {
  readonly step: 'hash' | 'hashed' | 'send' | 'there';
  readonly bytes: number;
}

export interface HashedFile {
  readonly file: File;
  readonly sha256: string;
}

type Tell = (step: UploadState['step'], bytes: number) => void;

/** Computes the digests of files and sends them, one after the other, and tells how far each is. */
export function useUploads() {
  const { token } = useSignedIn();
  const [states, setStates] = useState<ReadonlyMap<File, UploadState>>(new Map());
  const leaving = useRef<AbortController>(undefined);
  const stop = () => leaving.current?.abort();
  useEffect(() => () => leaving.current?.abort(), []);

  /** @throws with the name of the file, or the reason of the signal if `stop` was called. */
  async function inTurn<T extends { readonly file: File }, Done>(
    files: readonly T[],
    run: (each: T, tell: Tell, signal: AbortSignal) => Promise<Done>,
  ): Promise<readonly Done[]> {
    stop();
    leaving.current = new AbortController();
    const { signal } = leaving.current;
    const done: Done[] = [];
    for (const each of files) {
      const { file } = each;
      const tell: Tell = (step, bytes) => setStates((before) => new Map(before).set(file, { step, bytes }));
      try {
        done.push(await run(each, tell, signal));
      } catch (error) {
        signal.throwIfAborted();
        // The browser tells of a file that has changed or is gone by a DOMException.
        const reason = error instanceof DOMException ? error.message : messageOf(error);
        throw new PageProblem(`${file.name}: ${reason}`, { cause: error });
      }
    }
    return done;
  }

  return {
    states,
    /** Ends what goes on: it rejects with an `AbortError`. */
    stop,
    digest(files: readonly File[]): Promise<readonly HashedFile[]> {
      setStates(new Map());
      const chosen = files.map((file) => ({ file }));
      return inTurn(chosen, async ({ file }, tell, signal) => {
        const sha256 = await sha256Of(file, (bytes) => tell('hash', bytes), signal);
        tell('hashed', file.size);
        return { file, sha256 };
      });
    },
    async send(hashed: readonly HashedFile[]): Promise<void> {
      await inTurn(hashed, async ({ file, sha256 }, tell, signal) => {
        tell('send', 0);
        try {
          await uploadArtifact({ file, sha256, token, tell: (bytes) => tell('send', bytes), signal });
        } catch (error) {
          tell('hashed', file.size);
          throw error;
        }
        tell('there', file.size);
      });
    },
  };
}

/** Whether `stop` has ended it. */
export function isStopped(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
