/** Finds the artifacts that are still needed: any digest in a message that may name one. */
import { streams } from '../contract/subjects.ts';
import type { StoredMessages } from './storedMessages.ts';

const NAMING = [streams.datasets, streams.versions, streams.work, streams.steps, streams.progress];
const DIGEST = /[0-9a-f]{64}/g;

/** @param passedOver subjects whose messages do not count. */
export async function digestsIn(
  stored: Pick<StoredMessages, 'next'>,
  passedOver: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  for (const stream of NAMING) {
    for (let sequence = 1; ; ) {
      const message = await stored.next(stream, '>', sequence);
      if (message === undefined) break;
      const named = passedOver.has(message.subject) ? [] : message.string().match(DIGEST);
      for (const digest of named ?? []) digests.add(digest);
      sequence = message.seq + 1;
    }
  }
  return digests;
}
