/** Chooses the media type of an answer: one that fits the operation's kind and that the client accepts. */
import { OperationTypeNode } from 'graphql';

export const MediaType = {
  Json: 'application/json',
  GraphqlResponse: 'application/graphql-response+json',
  EventStream: 'text/event-stream',
  /** Apollo's clients ask for subscriptions in this form. */
  Multipart: 'multipart/mixed;subscriptionSpec=1.0',
} as const;
export type MediaType = (typeof MediaType)[keyof typeof MediaType];

/** For one answer. The first is for clients that accept anything. */
const ANSWERS: readonly MediaType[] = [MediaType.Json, MediaType.GraphqlResponse];
/** For many answers. They can carry a single one, too. */
const STREAMS: readonly MediaType[] = [MediaType.EventStream, MediaType.Multipart];
const ALL = [...ANSWERS, ...STREAMS];

/** A part of an Accept header. */
interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** @param kind of the operation; undefined if no operation could be read. */
export function possibleTypes(kind: OperationTypeNode | undefined): readonly MediaType[] {
  return kind === OperationTypeNode.SUBSCRIPTION ? STREAMS : ALL;
}

/**
 * The type that the client prefers. Between types of the same weight, one for a single answer goes before a stream;
 * then the one that the client names first.
 *
 * @param possible the first of them is for clients that accept anything.
 * @returns undefined if it accepts none of them.
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

/** The type for an error that is sent although the client accepts none of the possible types. */
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
  // All answers are UTF-8.
  const isReadable = (parameters.get('charset') ?? 'utf-8') === 'utf-8';
  return { type, parameters, quality: isReadable ? Math.min(Math.max(quality || 0, 0), 1) : 0 };
}

/**
 * The range that matches the type most closely. A wildcard does not match a multipart stream: its protocol must be
 * named.
 */
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
