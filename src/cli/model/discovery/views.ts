/** The ways in which the inputs of a graph may hold the rows of a batch. Trial runs tell which of them is right. */
import type { Port } from './trialValues.ts';

/** A guess at the axis on which the rows of a batch lie. */
export interface View {
  /** By input: its batch axis; null where it has none. */
  readonly axes: ReadonlyMap<string, number | null>;
  /** The number of rows that the graph takes in each run; undefined if any number may do. */
  readonly fixed?: number;
}

const BATCH_NAME = /batch|^(n|b|bs)$/i;

/** @returns views in the order in which they are tried. The last one, without a batch axis, is always possible. */
export function viewsOf(ports: readonly Port[]): readonly View[] {
  const whole: View = { axes: new Map(ports.map(({ name }) => [name, null])) };
  const views = [namedView(ports), firstAxisView(ports), fixedView(ports), ...otherViews(ports)];
  return [...views.filter((view) => view !== undefined), whole];
}

/** The axes with a name such as `batch`. */
function namedView(ports: readonly Port[]): View | undefined {
  const names = new Set(
    ports.flatMap(({ dims }) => dims.filter((size) => typeof size === 'string' && BATCH_NAME.test(size))),
  );
  return names.size === 0
    ? undefined
    : viewBy(ports, ({ dims }) => dims.findIndex((size) => names.has(size)));
}

/** The first axis, or a later one where the first has a fixed size. */
function firstAxisView(ports: readonly Port[]): View | undefined {
  if (!ports.some(({ dims }) => typeof dims[0] === 'string')) return undefined;
  const names = new Set(ports.map(({ dims }) => dims[0]));
  return viewBy(ports, ({ dims }) => {
    const known = dims.findIndex((size) => typeof size === 'string' && names.has(size));
    return known >= 0 ? known : dims.findIndex((size) => typeof size === 'string');
  });
}

/** A first axis of the same fixed size in all inputs. A single axis is a vector rather than a batch. */
function fixedView(ports: readonly Port[]): View | undefined {
  const sizes = new Set(ports.flatMap(({ dims }) => (dims.length === 0 ? [] : [dims[0]])));
  const [size] = sizes;
  const hasOne = sizes.size === 1 && typeof size === 'number' && size > 0;
  if (hasOne && size > 1 && ports.every(({ dims }) => dims.length > 1))
    return { ...viewBy(ports, () => 0), fixed: size };
  if (!ports.some(({ dims }) => dims[0] === 1)) return undefined;
  return { ...viewBy(ports, ({ dims }) => (dims[0] === 1 ? 0 : -1)), fixed: 1 };
}

/** Each other axis of a size that varies, alone. */
function otherViews(ports: readonly Port[]): readonly View[] {
  const names = new Set(
    ports.flatMap(({ dims }) => dims.slice(1).filter((size) => typeof size === 'string')),
  );
  return [...names].map((name) => viewBy(ports, ({ dims }) => dims.indexOf(name)));
}

/** @param axisOf below zero if the input has no batch axis. */
function viewBy(ports: readonly Port[], axisOf: (port: Port) => number): View {
  return {
    axes: new Map(
      ports.map((port) => {
        const axis = axisOf(port);
        return [port.name, axis < 0 ? null : axis];
      }),
    ),
  };
}
