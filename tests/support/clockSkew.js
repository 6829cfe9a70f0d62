// @ts-check
/**
 * Loaded into a process (`NODE_OPTIONS=--import`): its wall clock is `CLOCK_SKEW_MS` ahead of the machine's, or behind
 * it if that is negative. Its monotonic clock does not change.
 */
const skewMs = Number(process.env.CLOCK_SKEW_MS);
const { now } = Date;

globalThis.Date = new Proxy(Date, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args),
  apply: () => new Date().toString(),
});
Date.now = () => now() + skewMs;

const timeOrigin = performance.timeOrigin + skewMs;
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin });
