import type { BigQueryFigures } from '../../../functions/shared/model/day/sections/bigquery.ts';
import {
  amount,
  count,
  counted,
  type Loose,
  largest,
  nameOf,
  type SectionWords,
  type Words,
} from './section-words.ts';

export const bigqueryWords: SectionWords<'bigquery'> = {
  name: 'BigQuery',
  entries: [{ label: 'BigQuery', of: (section) => section, words: inWords }],
  columns: {
    bigqueryTables: (section) => section?.tables,
    bigqueryBytes: (section) => section?.bytes,
    bigqueryJobsCompleted: (section) => section?.jobsCompleted,
    bigqueryJobsFailed: (section) => section?.jobsFailed,
  },
};

function inWords(section: Loose<BigQueryFigures>): Words {
  const { tables, bytes, jobsCompleted, jobsFailed, perDataset, more } = section;
  return {
    text: `${counted(tables, 'table')}, ${amount(bytes)}; ${counted(jobsCompleted, 'job')} completed, ${count(jobsFailed)} failed`,
    ...largest(perDataset, more, 'dataset', (row: Loose<BigQueryFigures['perDataset'][number]>) => [
      nameOf(row.dataset),
      counted(row.tables, 'table'),
      amount(row.bytes),
    ]),
  };
}
