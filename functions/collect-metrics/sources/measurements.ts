import type { MetricGroup, MetricGroups } from '../../shared/cloud/monitoring/monitoring.ts';

/** One figure of many things by their names, such as the bytes of each bucket. */
export interface Measurements {
  values: ReadonlyMap<string, number>;
  /** Where no answer came from: things that are there have no value here. */
  missing: readonly string[];
}

/**
 * What the groups of each thing, which `label` names, come to; those that `counts` refuses make it known and add
 * nothing, for a series that a thing does not have is a figure of zero.
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

/** What an answer comes to; `null` when it was not asked for, or is not whole. */
export function ifWhole<Answer extends { missing: readonly string[] }>(
  answer: Answer | null,
  figure: (answer: Answer) => number,
): number | null {
  return answer && answer.missing.length === 0 ? figure(answer) : null;
}

/** The sum of all things; `null` when it is unknown. */
export function totalOf(measurements: Measurements | null): number | null {
  return ifWhole(measurements, ({ values }) => [...values.values()].reduce((sum, value) => sum + value, 0));
}

/** The figure of one thing; of one without any, zero, or `null` when it may be missing. */
export function measuredOf({ values, missing }: Measurements, name: string): number | null {
  return values.get(name) ?? (missing.length > 0 ? null : 0);
}

/** The names that any of the measurements knows. */
export function namesIn(...measurements: readonly Measurements[]): string[] {
  return [...new Set(measurements.flatMap(({ values }) => [...values.keys()]))];
}

/** Whatever gave no answer to any of the questions, sorted; `null` for one that was not asked. */
export function missingIn(...answers: readonly ({ missing: readonly string[] } | null)[]): string[] {
  return [...new Set(answers.flatMap((answer) => answer?.missing ?? []))].sort();
}
