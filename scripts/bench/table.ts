import type { Measured, Row } from './bench.ts';

/** What a bench found, as lines for a person. */
export function tableOf(bench: string, { rows, ratios, peakMemoryBytes }: Measured): string[] {
  const figures = [...new Set(rows.flatMap((row) => Object.keys(row).filter((key) => key !== 'name')))];
  const cells = [
    [bench, ...figures.map(inWords)],
    ...rows.map((row) => [row.name, ...figures.map((figure) => cell(row, figure))]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  const width = Math.max(...Object.keys(ratios).map((name) => name.length));
  return [
    ...cells.map((line) =>
      line
        .map((text, column) =>
          column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join('   '),
    ),
    '',
    'Ours divided by the other:',
    ...Object.entries(ratios).map(([name, ratio]) => `  ${name.padEnd(width)}   ${ratio}`),
    '',
    `Peak memory of our function: ${megabytes(peakMemoryBytes)}`,
  ];
}

function cell(row: Row, figure: string): string {
  const value = row[figure];
  if (typeof value !== 'number') return value ?? '-';
  if (/bytes$/i.test(figure)) return megabytes(value);
  if (/seconds$/i.test(figure)) return `${value.toFixed(2)} s`;
  return value.toLocaleString('en');
}

function inWords(figure: string): string {
  return figure
    .replace(/(bytes|seconds)$/i, (unit, _, at) => (at === 0 ? unit : ''))
    .replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}
