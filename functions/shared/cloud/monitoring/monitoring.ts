import { addMs, HOUR_MS, laterOf, MINUTE_MS, SECOND_MS } from '../../dates.ts';
import { UpstreamError } from '../../errors.ts';
import { googleApi } from '../rest/google-api.ts';
import type { ApiOptions, Limits } from '../rest/rest.ts';
import { type Point, type TimeSeriesPage, timeSeriesPage } from './time-series.ts';

/**
 * Cloud Monitoring, projects.timeSeries.list
 * (https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list): figures that Google measures
 * anyway, so that nothing has to be listed to be counted.
 */

/** A metric, and the type of resource where several types have it: only one type can be summed up. */
export interface Metric {
  /** Such as `run.googleapis.com/request_count`. */
  type: string;
  resourceType?: string;
}

/** `resource.labels.bucket_name` or `metric.labels.type`. */
export type LabelField = `${'resource' | 'metric'}.labels.${string}`;

/** One group of time series. */
export interface MetricGroup {
  /** By the label's own name, such as `bucket_name`; empty where the series lacks the label. */
  labels: Record<string, string>;
  value: number;
  /** The end of the newest point in it. */
  at: Date;
}

export interface MetricGroups {
  groups: MetricGroup[];
  /** Regions that Monitoring could not reach: what is there is not in the groups. */
  missing: string[];
}

/** An interval that excludes its start and includes its end, as Monitoring does. */
export interface MetricInterval {
  after: Date;
  until: Date;
}

/** How far back a gauge is looked for: some are sampled once a day, and shown hours later. */
const GAUGE_WINDOW_HOURS = 48;
/**
 * Gauges are aligned to so many hours. With fewer, a series that arrives late would be left out of its group; with more, one
 * that has ended (objects that moved to another storage class) would be counted twice.
 */
const GAUGE_ALIGN_HOURS = 6;
const PAGE_SIZE = 10_000;
const NEVER_WRITTEN = /Cannot find metric\(s\) that match type/;

/** Cloud Monitoring of one project. Every member rejects as `get` of RestApi does. */
export interface Monitoring {
  /** Returns the newest value of a gauge in the 48 hours up to `until`, summed over the series of each group. */
  latest(metric: Metric, until: Date, groupBy: readonly LabelField[], limits: Limits): Promise<MetricGroups>;

  /**
   * Returns by how much a counter of deltas rose in an interval of whole seconds, summed over the series of each group.
   * An interval under a minute, the shortest that Monitoring aligns to, has no groups.
   */
  sums(
    metric: Metric,
    interval: MetricInterval,
    groupBy: readonly LabelField[],
    limits: Limits,
  ): Promise<MetricGroups>;
}

export function monitoring(options: ApiOptions): Monitoring {
  const api = googleApi('monitoring', options);

  /** Joins the points of each group. A series may be cut at the end of a page, and go on in the next one. */
  async function collect(
    metric: Metric,
    interval: MetricInterval,
    aggregation: { aligner: string; seconds: number; groupBy: readonly LabelField[] },
    limits: Limits,
    join: (sum: Point, point: Point) => Point,
  ): Promise<MetricGroups> {
    const operation = `timeSeries.list ${metric.type}`;
    const groups = new Map<string, MetricGroup>();
    const missing = new Set<string>();
    const call = {
      operation,
      path: `/v3/projects/${options.project}/timeSeries`,
      query: {
        filter: filterOf(metric),
        'interval.startTime': interval.after.toISOString(),
        'interval.endTime': interval.until.toISOString(),
        'aggregation.alignmentPeriod': `${aggregation.seconds}s`,
        'aggregation.perSeriesAligner': aggregation.aligner,
        'aggregation.crossSeriesReducer': 'REDUCE_SUM',
        'aggregation.groupByFields': aggregation.groupBy,
        view: 'FULL',
        pageSize: PAGE_SIZE,
      },
      schema: timeSeriesPage,
      permission: 'monitoring.timeSeries.list',
      tokenParameter: 'pageToken',
      nextToken: (page: TimeSeriesPage) => page.nextPageToken,
    };
    try {
      await api.list(call, limits, ({ timeSeries, executionErrors, unreachable }) => {
        const [failure] = executionErrors;
        if (failure)
          throw new UpstreamError(
            `Cannot finish Cloud Monitoring ${operation} (project ${options.project}): the answer may be incomplete: ${failure.message}`,
            { retryable: true },
          );
        for (const region of unreachable) missing.add(region);
        for (const series of timeSeries) {
          const labels = labelsOf(series, aggregation.groupBy);
          const key = JSON.stringify([series.resource.type, labels]);
          for (const point of series.points) {
            if (point.at <= interval.after || point.at > interval.until) continue;
            const known = groups.get(key);
            groups.set(key, { labels, ...(known ? join(known, point) : point) });
          }
        }
      });
    } catch (error) {
      // A metric that no resource ever wrote is not found. It has no figures, which is no failure.
      const nothing =
        error instanceof UpstreamError && error.status === 404 && NEVER_WRITTEN.test(error.message);
      if (!nothing) throw error;
    }
    return { groups: [...groups.values()], missing: [...missing].sort() };
  }

  return {
    latest(metric, until, groupBy, limits) {
      const interval = { after: addMs(until, -GAUGE_WINDOW_HOURS * HOUR_MS), until };
      const seconds = (GAUGE_ALIGN_HOURS * HOUR_MS) / SECOND_MS;
      const aggregation = { aligner: 'ALIGN_NEXT_OLDER', seconds, groupBy };
      return collect(metric, interval, aggregation, limits, (a, b) => (b.at > a.at ? b : a));
    },

    async sums(metric, interval, groupBy, limits) {
      const seconds = (interval.until.getTime() - interval.after.getTime()) / SECOND_MS;
      if (seconds < MINUTE_MS / SECOND_MS) return { groups: [], missing: [] };
      // Not ALIGN_DELTA, which fills times without data by guessing.
      const aggregation = { aligner: 'ALIGN_SUM', seconds, groupBy };
      return collect(metric, interval, aggregation, limits, (a, b) => ({
        value: a.value + b.value,
        at: laterOf(a.at, b.at),
      }));
    },
  };
}

/** Returns the labels of a group by their own names; a label that the series lacks is empty. */
function labelsOf(
  series: TimeSeriesPage['timeSeries'][number],
  groupBy: readonly LabelField[],
): Record<string, string> {
  return Object.fromEntries(
    groupBy.map((field) => {
      const [of, , name = ''] = field.split('.') as ['resource' | 'metric', string, string];
      return [name, series[of].labels[name] ?? ''];
    }),
  );
}

function filterOf({ type, resourceType }: Metric): string {
  const filter = `metric.type = "${type}"`;
  return resourceType ? `${filter} AND resource.type = "${resourceType}"` : filter;
}
