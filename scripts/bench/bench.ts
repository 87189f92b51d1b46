/** What a bench found. */
export interface Measured {
  /** What was measured, ours first; a figure's unit ends its name. */
  rows: Row[];
  /** Ours divided by the named other. */
  ratios: Record<string, number>;
  /** The most memory that a process of ours held. */
  peakMemoryBytes: number;
}

/** One line of figures. */
export interface Row {
  name: string;
  [figure: string]: string | number;
}

/** What a bench is given. */
export interface BenchContext {
  /** A folder of its own, removed at its end. */
  folder: string;
  /** Aborts when the person at the terminal has had enough. */
  signal: AbortSignal;
  /** Tells what takes long. */
  progress(text: string): void;
}

/** Measures, and starts and stops all it needs for it. */
export type Bench = (context: BenchContext) => Promise<Measured>;

/** Node's own choice in a container of 512 MiB, which is what the functions have: it takes what it is given. */
export const HEAP_MEGABYTES = 256;

/** What Terraform gives the young generation of `report` besides (infra/main.tf): there, too, Node would choose 1 MB. */
export const SEMI_SPACE_MEGABYTES = 16;

/** The middle one of `values`, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('Cannot take the median of nothing');
  return (upper + lower) / 2;
}

/** The least of `values` that `share` of them, between 0 and 1, do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const value = [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1];
  if (value === undefined) throw new RangeError('Cannot take a quantile of nothing');
  return value;
}

/** `value` to a thousandth: more digits than a second run would confirm only distract. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
