import type { BigQuery } from '../../shared/cloud/bigquery.ts';
import type { Metric, Monitoring } from '../../shared/cloud/monitoring/monitoring.ts';
import { startOfDay } from '../../shared/dates.ts';
import type { BigQueryFigures } from '../../shared/model/day/sections/bigquery.ts';
import { ifWhole, measuredBy, measuredOf, missingIn, namesIn, totalOf } from './measurements.ts';
import { largest } from './rows.ts';
import type { Collect, OpenSource } from './source.ts';

/** https://docs.cloud.google.com/monitoring/api/metrics_gcp_a_b#gcp-bigquery: sampled every half an hour. */
const metric = (name: string): Metric => ({
  type: `bigquery.googleapis.com/storage/${name}`,
  resourceType: 'bigquery_dataset',
});
const TABLES = metric('table_count');
const BYTES = metric('stored_bytes');

type DatasetRow = BigQueryFigures['perDataset'][number];

export const openBigquery: OpenSource<'bigquery'> = (settings, clients) =>
  bigquerySource({ bigquery: clients.bigquery(settings), monitoring: clients.monitoring(settings) });

/** Takes tables and bytes from Monitoring, so that no table is listed, and the jobs that ended from BigQuery itself. */
export function bigquerySource(tools: { bigquery: BigQuery; monitoring: Monitoring }): Collect<'bigquery'> {
  return async ({ date, until }, limits): Promise<BigQueryFigures> => {
    const perDataset = async (gauge: Metric) =>
      measuredBy(
        'dataset_id',
        await tools.monitoring.latest(gauge, until, ['resource.labels.dataset_id'], limits),
      );
    const [tables, bytes, ended] = await Promise.all([
      perDataset(TABLES),
      perDataset(BYTES),
      tools.bigquery.endedJobs(startOfDay(date), until, limits),
    ]);
    const { rows, more } = largest(
      namesIn(tables, bytes).map(
        (dataset): DatasetRow => ({
          dataset,
          tables: measuredOf(tables, dataset),
          bytes: measuredOf(bytes, dataset),
        }),
      ),
      { size: (row) => row.bytes, name: (row) => row.dataset },
    );
    return {
      tables: totalOf(tables),
      bytes: totalOf(bytes),
      jobsCompleted: ifWhole(ended, ({ jobs }) => jobs.filter(({ failed }) => !failed).length),
      jobsFailed: ifWhole(ended, ({ jobs }) => jobs.filter(({ failed }) => failed).length),
      perDataset: rows,
      more,
      missing: missingIn(tables, bytes, ended),
    };
  };
}
