/** In which media type an operation is answered: what its kind allows, and the client takes. */
import { OperationTypeNode } from 'graphql';

export const MediaType = {
  Json: 'application/json',
  GraphqlResponse: 'application/graphql-response+json',
  EventStream: 'text/event-stream',
  /** As Apollo's clients ask for subscriptions. */
  Multipart: 'multipart/mixed;subscriptionSpec=1.0',
} as const;
export type MediaType = (typeof MediaType)[keyof typeof MediaType];

/** For one answer. The first is for clients that take anything. */
const ANSWERS: readonly MediaType[] = [MediaType.Json, MediaType.GraphqlResponse];
/** For many. They can carry a single answer, too. */
const STREAMS: readonly MediaType[] = [MediaType.EventStream, MediaType.Multipart];
const ALL = [...ANSWERS, ...STREAMS];

/** A part of an Accept header. */
interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** @param kind of the operation, undefined if there is none that could be read. */
export function possibleTypes(kind: OperationTypeNode | undefined): readonly MediaType[] {
  return kind === OperationTypeNode.SUBSCRIPTION ? STREAMS : ALL;
}

/**
 * The type that the client prefers. Of several that it likes as much, one for a single answer goes before a stream, then
 * the one that it names first.
 *
 * @param possible the first of them is for clients that take anything.
 * @returns undefined if it takes none of them.
 */
export function chooseType(
  accept: string | undefined,
  possible: readonly MediaType[],
): MediaType | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return possible[0];
  const same = possible.find((type) => type === accept);
  if (same !== undefined) return same;
  const ranges = accept.split(',').map(rangeOf);
  const [best] = possible
    .flatMap((type) => {
      const range = closest(type, ranges);
      return range === undefined || range.quality === 0 ? [] : [{ type, range }];
    })
    .toSorted(
      (a, b) =>
        b.range.quality - a.range.quality ||
        Number(isStream(a.type)) - Number(isStream(b.type)) ||
        ranges.indexOf(a.range) - ranges.indexOf(b.range),
    );
  return best?.type;
}

/** For an error that is answered whatever the client takes. */
export function errorType(accept: string | undefined): MediaType {
  return chooseType(accept, ANSWERS) ?? MediaType.Json;
}

function isStream(type: MediaType): boolean {
  return STREAMS.includes(type);
}

function rangeOf(text: string): Range {
  const [type = '', ...rest] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const parameters = new Map(
    rest.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=');
      return [name.trim(), value.trim().replaceAll(/^"|"$/g, '')];
    }),
  );
  const quality = Number(parameters.get('q') ?? 1);
  // What is written is UTF-8.
  const isReadable = (parameters.get('charset') ?? 'utf-8') === 'utf-8';
  return { type, parameters, quality: isReadable ? Math.min(Math.max(quality || 0, 0), 1) : 0 };
}

/** The range that names the type most closely. A wildcard is no word of a protocol: a multipart stream has to be named. */
function closest(type: MediaType, ranges: readonly Range[]): Range | undefined {
  if (type === MediaType.Multipart)
    return ranges.find(
      (range) => range.type === 'multipart/mixed' && range.parameters.get('subscriptionspec') === '1.0',
    );
  const [major] = type.split('/', 1);
  return [type, `${major}/*`, '*/*']
    .map((name) => ranges.find((range) => range.type === name))
    .find((range) => range !== undefined);
}
