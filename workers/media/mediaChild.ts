/**
 * A process that decodes the pictures, sounds and texts of a version that is code, and makes pictures and detections of
 * its outputs. A file that kills it harms neither the worker nor the code. Requests are answered one after another.
 */
import { messageOf } from '../../src/contract/errors.ts';
import { keepCompiled } from '../../src/process/compileCache.ts';
import { limitMemory } from '../runtimes/memoryLimit.ts';
import { type MadeRows, Media } from './media.ts';
import type { MediaAnswered, MediaAsked, MediaReply } from './mediaProcess.ts';

const limited = limitOwn(Number(process.argv[2] ?? 0));
let media: Media | undefined;
/** Of the run at work. */
let rows: MadeRows | undefined;
let answered = Promise.resolve();

// Without its parent this process has no purpose. The parent handles signals.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

keepCompiled();

process.on('message', (asked: MediaAsked) => {
  answered = answered.then(async () => {
    const reply = await replyTo(asked).catch((error: unknown) => ({
      type: error instanceof RangeError ? ('invalid' as const) : ('failed' as const),
      reason: messageOf(error),
    }));
    process.send?.({ id: asked.id, reply } satisfies MediaAnswered, () => {});
  });
});

async function limitOwn(mib: number): Promise<void> {
  if (mib > 0) await limitMemory(process.pid, mib);
}

async function replyTo({ request }: MediaAsked): Promise<MediaReply> {
  await limited;
  if (request.type === 'open') {
    media = await Media.open(request.manifest, request.folder);
    return { type: 'opened' };
  }
  if (media === undefined) throw new Error('files are decoded once the version is known');
  if (request.type === 'decode') {
    rows = await media.decode(request.columns);
    const { made: _, ...told } = rows;
    return { type: 'decoded', rows: told };
  }
  if (rows === undefined) throw new Error('outputs belong to rows that were decoded');
  return { type: 'answered', answer: await media.answer(request.outputs, rows) };
}
