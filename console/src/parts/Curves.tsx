import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { shownNumber, timeOfDay } from './figures.ts';

export interface Curve {
  readonly label: string;
  /** One for each x; null where there is none. */
  readonly values: readonly (number | null)[];
}

interface CurvesProps {
  /** What is plotted, for those who cannot see it. */
  readonly label: string;
  readonly curves: readonly Curve[];
  /** Ascending. Seconds since 1970 if `isTime`. */
  readonly x: readonly number[];
  readonly isTime?: boolean;
  readonly heightPx?: number;
}

/** Told apart on light and on dark, also without seeing red and green. */
const COLORS = ['#1098ad', '#e8890c', '#7950f2', '#d6336c', '#5c940d', '#868e96'];
/** In seconds. */
const SHORTEST_S = 60;
const STEPS_S = [10, 15, 30, 60, 120, 300, 600];
const FONT = '11px system-ui, sans-serif';

/** Curves that grow: new points are drawn at once, with the last value of each curve in the legend. */
export function Curves({ label, curves, x, isTime = false, heightPx = 160 }: CurvesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme('light');
  const data = [x, ...curves.map(({ values }) => values)] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const names = curves.map((curve) => curve.label).join('\n');

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const stroke = scheme === 'dark' ? '#9aa3b2' : '#5c6570';
    const line = scheme === 'dark' ? '#2d3441' : '#e9ecef';
    const axis = { stroke, font: FONT, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height: heightPx,
        // With a legend of its own, which is text.
        legend: { show: false },
        cursor: { y: false, drag: { setScale: false } },
        scales: {
          x: { time: isTime, ...(isTime && { range: timeRange }) },
          y: isTime ? { range: fromZero } : {},
        },
        axes: [
          {
            ...axis,
            ...(isTime && {
              size: 30,
              space: 80,
              incrs: STEPS_S,
              values: (_plot, values) => values.map(timeOfDay),
            }),
          },
          { ...axis, size: 56, values: (_plot, values) => values.map(shownNumber) },
        ],
        series: [
          {},
          ...(names === '' ? [] : names.split('\n')).map((name, i) => ({
            label: name,
            stroke: COLORS[i % COLORS.length] as string,
            width: 1.5,
            points: { show: false },
            spanGaps: true,
          })),
        ],
      },
      latest.current,
      element,
    );
    plot.current = drawn;
    const resizing = new ResizeObserver(() =>
      drawn.setSize({ width: element.clientWidth, height: heightPx }),
    );
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      drawn.destroy();
    };
  }, [scheme, names, isTime, heightPx]);
  useEffect(() => plot.current?.setData(data));

  return (
    <figure className="curves" aria-label={label}>
      <figcaption>
        {curves.map((curve, i) => (
          <span key={curve.label}>
            <i style={{ background: COLORS[i % COLORS.length] }} />
            {curve.label}{' '}
            <strong className="number">
              {shownOf(curve.values.findLast((value) => value !== null) ?? undefined)}
            </strong>
          </span>
        ))}
      </figcaption>
      <div ref={frame} style={{ height: heightPx }} aria-hidden="true" />
    </figure>
  );
}

/** A minute at least, so that the first seconds do not fill the axis. */
function timeRange(_plot: uPlot, from: number | null, to: number | null): uPlot.Range.MinMax {
  return from === null || to === null ? [null, null] : [Math.min(from, to - SHORTEST_S), to];
}

/** What changes with time is seen beside 0. */
function fromZero(_plot: uPlot, least: number | null, most: number | null): uPlot.Range.MinMax {
  return [Math.min(0, least ?? 0), most !== null && most > 0 ? most * 1.1 : 1];
}

function shownOf(value: number | undefined): string {
  return value === undefined ? '' : shownNumber(value);
}
