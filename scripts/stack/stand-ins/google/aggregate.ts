import { addMs } from '../../../../functions/shared/dates.ts';
import { parameter } from './method.ts';
import { invalid } from './problem.ts';
import { type Series, type SeriesPoint, startOf } from './series.ts';

/** A series as it is answered: aligned, perhaps joined with others, its points newest first. */
export interface Answered {
  of: Pick<Series, 'metric' | 'kind' | 'valueType' | 'labels' | 'resource'>;
  points: { start: Date; at: Date; value: number }[];
}

export interface Interval {
  after: Date;
  until: Date;
}

/** What each aligner makes of the points of one period, newest first, and for which metrics it is valid. */
const ALIGNERS: Record<string, { kinds: Series['kind'][]; join: (points: SeriesPoint[]) => number }> = {
  ALIGN_NEXT_OLDER: { kinds: ['GAUGE'], join: ([newest]) => newest?.value ?? 0 },
  ALIGN_SUM: { kinds: ['GAUGE', 'DELTA'], join: sum },
  ALIGN_DELTA: { kinds: ['DELTA'], join: sum },
  ALIGN_MEAN: { kinds: ['GAUGE', 'DELTA'], join: (points) => sum(points) / points.length },
};

/**
 * Aligns and reduces as timeSeries.list does (the parameters `aggregation.*`). Throws for a combination that the real
 * API refuses, and for an aligner or reducer that nobody has needed here.
 */
export function aggregate(series: readonly Series[], interval: Interval, query: URLSearchParams): Answered[] {
  const aligner = parameter(query, 'aggregation.perSeriesAligner') ?? 'ALIGN_NONE';
  const reducer = parameter(query, 'aggregation.crossSeriesReducer') ?? 'REDUCE_NONE';
  if (aligner === 'ALIGN_NONE') {
    if (reducer !== 'REDUCE_NONE') throw invalid('Cross-series reduction needs a per-series aligner');
    return series.map((of) => ({
      of,
      points: of
        .points(interval.after, interval.until)
        .map(({ at, value }) => ({ start: startOf(of, at), at, value })),
    }));
  }
  const known = ALIGNERS[aligner];
  if (!known) throw invalid(`This stand-in has no aligner ${aligner}`);
  const periodMs = secondsOf(parameter(query, 'aggregation.alignmentPeriod')) * 1_000;
  const aligned = series.map((of): Answered => {
    if (!known.kinds.includes(of.kind))
      throw invalid(`The aligner ${aligner} is not valid for metrics of kind ${of.kind}`);
    return { of, points: align(of, interval, periodMs, known.join) };
  });
  if (reducer === 'REDUCE_NONE') return aligned;
  if (reducer !== 'REDUCE_SUM') throw invalid(`This stand-in has no reducer ${reducer}`);
  return reduceSum(aligned, query.getAll('aggregation.groupByFields'));
}

/** One point per period that has any; the periods are counted back from the end of the interval. */
function align(
  of: Series,
  { after, until }: Interval,
  periodMs: number,
  join: (points: SeriesPoint[]) => number,
): Answered['points'] {
  const points = of.points(after, until);
  const byPeriod = Map.groupBy(points, ({ at }) => Math.floor((until.getTime() - at.getTime()) / periodMs));
  return [...byPeriod].map(([period, inPeriod]) => {
    const at = addMs(until, -period * periodMs);
    return { start: of.kind === 'GAUGE' ? at : addMs(at, -periodMs), at, value: join(inPeriod) };
  });
}

/** Sums the series that agree in all of `fields` and in their type of resource; their other labels are lost. */
function reduceSum(series: readonly Answered[], fields: readonly string[]): Answered[] {
  const groups = new Map<string, Answered>();
  for (const { of, points } of series) {
    if (points.length === 0) continue;
    const labels = only(of.labels, 'metric', fields);
    const resource = { type: of.resource.type, labels: only(of.resource.labels, 'resource', fields) };
    const key = JSON.stringify([labels, resource]);
    const group = groups.get(key) ?? { of: { ...of, labels, resource }, points: [] };
    groups.set(key, group);
    for (const point of points) {
      const same = group.points.find(({ at }) => at.getTime() === point.at.getTime());
      if (same) same.value += point.value;
      else group.points.push({ ...point });
    }
  }
  for (const { points } of groups.values()) points.sort((a, b) => b.at.getTime() - a.at.getTime());
  return [...groups.values()];
}

function only(labels: Record<string, string>, of: string, fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) =>
      fields.some((field) => field === `${of}.labels.${name}` || field === `${of}.label.${name}`),
    ),
  );
}

function sum(points: SeriesPoint[]): number {
  return points.reduce((total, { value }) => total + value, 0);
}

function secondsOf(period: string | undefined): number {
  const [, seconds] = /^(\d+)s$/.exec(period ?? '') ?? [];
  if (!seconds || Number(seconds) < 60)
    throw invalid('The alignment period must be given with an aligner, and be at least 60s');
  return Number(seconds);
}
