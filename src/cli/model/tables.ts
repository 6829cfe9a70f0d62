/** Formats models and versions for a terminal. */
import { type Manifest, type ManifestInput, type ManifestOutput, sizeOf } from '../../models/manifest.ts';
import { printable } from '../../process/printable.ts';
import type { Deviation, VersionReport } from './check.ts';

const MIB = 2 ** 20;

/** A table with one line per row. Each column is as wide as its widest cell. No newline follows the last row. */
export function formatTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One row for each input and output: its name, tensor and type. */
export function formatFields({ inputs, outputs }: Manifest): string {
  return formatTable([
    ...inputs.map((field) => ['input', ...describeField(field)]),
    ...outputs.map((field) => ['output', ...describeField(field)]),
  ]);
}

function describeField(field: ManifestInput | ManifestOutput): string[] {
  return [field.name, describeType(field), `tensor ${field.tensor}`];
}

/** `float32`, or `float32 × 4` for a vector, or `float32[3, height, width]` for a tensor. */
export function describeType(field: ManifestInput | ManifestOutput): string {
  if ('shape' in field) return `${field.type}[${field.shape.join(', ')}]`;
  const size = sizeOf(field);
  return size === undefined ? field.type : `${field.type} × ${size}`;
}

/** A head and one row for each version. A dash (–) stands for a figure that the check did not reach. */
export function formatReports({ outputs, batching }: Manifest, reports: readonly VersionReport[]): string {
  const head = [
    'version',
    'digest',
    'size',
    'inputs',
    'outputs',
    'provider',
    'memory',
    'golden rows',
    'largest error',
    '1 row',
    `${batching.maxBatchSize} rows`,
    'verdict',
  ];
  return formatTable([
    head,
    ...reports.map(({ version, sha256, sizeBytes, loaded, peakBytes, golden, problem }) => [
      version,
      sha256?.slice(0, 12) ?? '–',
      sizeBytes === undefined ? '–' : formatSize(sizeBytes),
      String(loaded?.inputs.length ?? '–'),
      loaded === undefined ? '–' : String(outputs.length),
      loaded?.executionProvider ?? '–',
      peakBytes === undefined ? '–' : `${Math.round(peakBytes / MIB)} MiB`,
      String(golden?.rows ?? '–'),
      golden?.worst === undefined ? '–' : formatDeviation(golden.worst),
      golden === undefined ? '–' : formatMs(golden.oneRowMs),
      golden === undefined ? '–' : formatMs(golden.fullBatchMs),
      problem === undefined ? 'ok' : 'refused',
    ]),
  ]);
}

/** A line for each version that ONNX Runtime has warned of. */
export function warningNotes(reports: readonly VersionReport[]): readonly string[] {
  return reports.flatMap(({ version, warningCount = 0 }) =>
    warningCount === 0
      ? []
      : [
          `version ${version}: ${warningCount} ${warningCount === 1 ? 'warning' : 'warnings'} of ONNX Runtime`,
        ],
  );
}

function formatDeviation({ output, deviation, tolerance }: Deviation): string {
  return `${deviation === 0 ? '0' : deviation.toExponential(1)} of ${tolerance} (${output})`;
}

function formatMs(ms: number): string {
  return `${ms.toPrecision(2)} ms`;
}

/** A size with its unit, in powers of 1000. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1000 ** power).toFixed(digits)} ${units[power]}`;
}
