import type { MetricGroup, MetricGroups } from '../../shared/cloud/monitoring/monitoring.ts';

/** One figure of many items by their names, such as the bytes of each bucket. */
export interface Measurements {
  values: ReadonlyMap<string, number>;
  /** The regions that gave no answer: items there have no value here. */
  missing: readonly string[];
}

/**
 * Sums up the groups of each item, whose name is the value of `label`. A group that `counts` refuses adds 0: its item exists,
 * and a series that an existing item does not have means 0.
 */
export function measuredBy(
  label: string,
  { groups, missing }: MetricGroups,
  counts: (labels: MetricGroup['labels']) => boolean = () => true,
): Measurements {
  const values = new Map<string, number>();
  for (const { labels, value } of groups) {
    const name = labels[label] ?? '';
    values.set(name, (values.get(name) ?? 0) + (counts(labels) ? value : 0));
  }
  return { values, missing };
}

/** Returns the figure of an answer; `null` where it was not asked for, or parts are missing. */
export function ifWhole<Answer extends { missing: readonly string[] }>(
  answer: Answer | null,
  figure: (answer: Answer) => number,
): number | null {
  return answer && answer.missing.length === 0 ? figure(answer) : null;
}

/** Returns the sum of all items; `null` where it is unknown. */
export function totalOf(measurements: Measurements | null): number | null {
  return ifWhole(measurements, ({ values }) => [...values.values()].reduce((sum, value) => sum + value, 0));
}

/** Returns the figure of one item. Without a value that is 0, or `null` where the value may be missing. */
export function measuredOf({ values, missing }: Measurements, name: string): number | null {
  return values.get(name) ?? (missing.length > 0 ? null : 0);
}

/** Returns the names of all items in any of the measurements. */
export function namesIn(...measurements: readonly Measurements[]): string[] {
  return [...new Set(measurements.flatMap(({ values }) => [...values.keys()]))];
}

/** Returns the parts that are missing in any of the answers, sorted. An answer that was not asked for is `null`. */
export function missingIn(...answers: readonly ({ missing: readonly string[] } | null)[]): string[] {
  return [...new Set(answers.flatMap((answer) => answer?.missing ?? []))].sort();
}
