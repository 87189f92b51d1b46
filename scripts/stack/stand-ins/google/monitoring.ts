import { type Answered, aggregate, type Interval } from './aggregate.ts';
import { type ListMethod, parameter } from './method.ts';
import { seriesOf } from './platform-series.ts';
import { invalid, problemOf } from './problem.ts';
import { isKnownMetric, type Series } from './series.ts';
import type { PlatformWorld } from './world.ts';

/**
 * projects.timeSeries.list of Cloud Monitoring v3, as its discovery document describes it
 * (https://monitoring.googleapis.com/$discovery/rest?version=v3, schemas ListTimeSeriesResponse and TimeSeries). A page
 * holds points, not series: one that does not fit goes on in the next.
 */
export const timeSeriesList: ListMethod = {
  api: 'monitoring',
  name: 'timeSeries.list',
  path: /^\/v3\/projects\/(?<project>[^/]+)\/timeSeries$/,
  permission: 'monitoring.timeSeries.list',
  denied: (_project, permission) =>
    problemOf(403, `Permission ${permission} denied (or the resource may not exist).`),
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
  list(world, query) {
    const interval = intervalOf(query);
    const matching = filtered(world, parameter(query, 'filter') ?? '');
    const items = aggregate(matching, interval, query).flatMap(({ of, points }) =>
      points.map((point) => ({ of, point })),
    );
    return {
      items,
      defaultSize: 100_000,
      body: (page, nextPageToken) => {
        const bySeries = Map.groupBy(page as typeof items, ({ of }) => of);
        const timeSeries = [...bySeries].map(([of, its]) =>
          resourceOf(
            of,
            its.map(({ point }) => point),
          ),
        );
        return {
          ...(timeSeries.length > 0 && { timeSeries }),
          ...(nextPageToken && { nextPageToken }),
        };
      },
    };
  },
};

function resourceOf(
  { metric, kind, valueType, labels, resource }: Answered['of'],
  points: Answered['points'],
) {
  return {
    metric: { type: metric, ...(Object.keys(labels).length > 0 && { labels }) },
    resource,
    metricKind: kind,
    valueType,
    points: points.map(({ start, at, value }) => ({
      interval: { startTime: start.toISOString(), endTime: at.toISOString() },
      // 64-bit integers travel as text.
      value: valueType === 'INT64' ? { int64Value: String(Math.round(value)) } : { doubleValue: value },
    })),
  };
}

function intervalOf(query: URLSearchParams): Interval {
  const [after, until] = ['interval.startTime', 'interval.endTime'].map((name) => {
    const instant = new Date(parameter(query, name) ?? '');
    if (Number.isNaN(instant.getTime())) throw invalid(`Field ${name} had an invalid value`);
    return instant;
  }) as [Date, Date];
  if (after >= until) throw invalid('The start time must be before the end time');
  return { after, until };
}

/** The series of a filter such as `metric.type = "a" AND resource.labels.b = "c"`: one metric, and equalities. */
function filtered(world: PlatformWorld, filter: string): Series[] {
  const terms = filter.split(/\s+AND\s+/i).map((term) => {
    const [, field, value] = /^\s*([\w.]+)\s*=\s*"([^"]*)"\s*$/.exec(term) ?? [];
    if (!field || value === undefined) throw invalid(`Field filter had an invalid value: ${filter}`);
    return { field: field.replace('.label.', '.labels.'), value };
  });
  const metrics = terms.filter(({ field }) => field === 'metric.type');
  const [metric] = metrics;
  if (!metric || metrics.length > 1) throw invalid('Field filter must specify one metric type');
  if (!isKnownMetric(metric.value)) throw problemOf(404, neverWritten(metric.value));
  return seriesOf(world, metric.value).filter((one) =>
    terms.every(({ field, value }) => fieldOf(one, field) === value),
  );
}

/** What the real API says of a metric that no resource ever wrote. */
export function neverWritten(metric: string): string {
  return `Cannot find metric(s) that match type = "${metric}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon.`;
}

function fieldOf({ metric, labels, resource }: Series, field: string): string | undefined {
  if (field === 'metric.type') return metric;
  if (field === 'resource.type') return resource.type;
  const [of, , name = ''] = field.split('.');
  return (of === 'resource' ? resource.labels : labels)[name];
}
