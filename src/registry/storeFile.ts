/** Stores a file of this machine as an artifact. */
import { open } from 'node:fs/promises';
import type { Artifacts } from '../contract/artifact.ts';
import { UNKNOWN_MEDIA_TYPE } from '../contract/blob.ts';
import type { ArtifactFile } from '../contract/work.ts';

/** @param known its digest and its size. It must not change meanwhile. Throws as `Artifacts.put`, and as the file system. */
export async function storeFile(
  artifacts: Pick<Artifacts, 'put'>,
  file: string,
  { sha256, bytes }: Pick<ArtifactFile, 'sha256' | 'bytes'>,
): Promise<void> {
  await using handle = await open(file);
  const read = async (from: number, to: number) => {
    const piece = Buffer.allocUnsafeSlow(to - from);
    const { bytesRead } = await handle.read(piece, 0, piece.length, from);
    if (bytesRead < piece.length) throw new Error(`${file} became shorter while it was stored`);
    return piece;
  };
  await artifacts.put(sha256, { bytes, mediaType: UNKNOWN_MEDIA_TYPE, read });
}
