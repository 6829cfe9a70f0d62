/** The few icons of the console, drawn as lines in a square of 16. */
const SHAPES = {
  play: 'M5 3.5v9l7.5-4.5z',
  list: 'M2.5 4h1M6 4h7.5M2.5 8h1M6 8h7.5M2.5 12h1M6 12h7.5',
  layers: 'M8 2 2 5l6 3 6-3zM2 8l6 3 6-3M2 11l6 3 6-3',
  table: 'M2.5 3h11v10h-11zM2.5 6.5h11M2.5 10h11M6.5 3v10',
  bolt: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z',
  gauge: 'M2.5 12a6 6 0 1 1 11 0M8 10l2.5-4',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
  user: 'M8 2.5a2.75 2.75 0 1 0 0 5.5 2.75 2.75 0 0 0 0-5.5M2.5 14c.6-3 2.8-4.5 5.5-4.5s4.9 1.5 5.5 4.5',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3',
  download: 'M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  upload: 'M8 10.5v-8M4.5 6 8 2.5 11.5 6M2.5 13.5h11',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  eraser: 'M6 13.5h7.5M3 10l6.5-6.5 4 4-6 6H6z',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5l3 3',
  code: 'M5 4.5 1.5 8 5 11.5M11 4.5 14.5 8 11 11.5',
  external: 'M6 3H3v10h10v-3M9 2.5h4.5V7M13 3 7.5 8.5',
} as const;

export type IconName = keyof typeof SHAPES;

/** Decoration: what it stands beside, or the label of its button, says the same. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}
