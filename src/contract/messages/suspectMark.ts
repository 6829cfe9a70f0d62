/** Remembers that a job is suspected of killing sessions, and how many runs alone it has had. */
import { COUNT, NAME } from '../bounds.ts';
import { object, type Passing } from '../schema.ts';
import { subjects } from '../subjects.ts';
import { decoderOf, requireAsInSubject, VERSION } from './decoder.ts';

export const SUSPECT_MARK = object(
  'the mark of a suspect',
  { v: VERSION, taskId: NAME, soloRuns: COUNT },
  {
    /** Of a row of a batch. */
    place: object('the place of a row', {
      chunk: COUNT,
      /** Its index in the batch. */
      row: COUNT,
    }),
  },
);
export type SuspectMark = Passing<typeof SUSPECT_MARK>;
/** A task that is suspected of killing sessions, or a row of a batch. */
export type Suspect = Pick<SuspectMark, 'taskId' | 'place'>;

const readSuspectMark = decoderOf(SUSPECT_MARK);

/** Decodes the mark of the suspect that its subject names. Throws as every decoder does, see `decoderOf`. */
export function decodeSuspectMark(data: Uint8Array, subject: string): SuspectMark {
  const mark = readSuspectMark(data);
  requireAsInSubject('taskId and place', subjects.suspect(mark), subject);
  return mark;
}
