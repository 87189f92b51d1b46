import type {
  GpuFigures,
  JobFigures,
  MetricSource,
  Sections,
  SourceState,
} from '../../functions/shared/model/day/day.ts';
import type { BigQueryFigures } from '../../functions/shared/model/day/sections/bigquery.ts';
import {
  type CloudRunFigures,
  RESPONSE_CLASSES,
} from '../../functions/shared/model/day/sections/cloud-run.ts';
import type { DatabaseFigures } from '../../functions/shared/model/day/sections/database.ts';
import type { StorageFigures } from '../../functions/shared/model/day/sections/storage.ts';
import { fieldsOf, isObject } from '../shared/objects.ts';
import type { Entry } from './entries.ts';
import { bytes, figure, plural, UNKNOWN } from './figures.ts';
import { cut, firstLine, oneLine, paint } from './terminal.ts';

/** The keys of a record whose values may be anything: it is a day of the store, its totals, or JSON of an answer. */
type Told<T> = { [Key in keyof T]?: unknown };
type Fields = Record<string, unknown>;
/** What a section comes to, and its largest parts. */
type Words = Pick<Entry, 'rows' | 'more'> & { text: string };

/** Parts of a section that are listed, the largest first as they are stored. */
const ROWS_SHOWN = 3;

interface SectionReader {
  label: string;
  source: MetricSource;
  /** What is told; anything but an object is unknown. */
  of(day: Told<Sections>): unknown;
  words(section: Fields): Words;
  /** Where it is unknown, another section of the same source says why, or nobody can tell whether it was asked for. */
  unknown?: 'untold' | 'without reason';
}

const SECTIONS: readonly SectionReader[] = [
  { label: 'Jobs', source: 'jobs', of: ({ jobs }) => jobs, words: jobsInWords },
  { label: 'GPU', source: 'jobs', of: ({ gpu }) => gpu, words: gpuInWords, unknown: 'without reason' },
  { label: 'ETL', source: 'etl', of: ({ etl }) => etl, words: etlInWords },
  { label: 'BigQuery', source: 'bigquery', of: ({ bigquery }) => bigquery, words: bigqueryInWords },
  { label: 'Storage', source: 'storage', of: ({ storage }) => storage, words: storageInWords },
  { label: 'Cloud Run', source: 'cloudRun', of: ({ cloudRun }) => cloudRun, words: cloudRunInWords },
  { label: 'Firestore', source: 'database', of: firestoreOf, words: firestoreInWords },
  { label: 'Cloud SQL', source: 'database', of: cloudSqlOf, words: cloudSqlInWords, unknown: 'untold' },
];

/**
 * The sections of a day, `-` for every figure that nobody knows. One that is `null` is told, with the reason, when
 * `sources` says that it was asked for, and left out otherwise.
 */
export function sectionsInWords(day: Told<Sections>, sources: unknown): Entry[] {
  return SECTIONS.flatMap(({ label, source, of, words, unknown }): Entry[] => {
    const section = of(day);
    if (isObject(section)) {
      const { text, rows, more } = words(section);
      return [{ label, lines: [text], rows, more }];
    }
    const state = fieldsOf(sources)[source];
    if (!isObject(state) || unknown === 'untold') return [];
    const { error }: Told<SourceState> = state;
    const reason = unknown === undefined && typeof error === 'string' ? `  (${firstLine(error)})` : '';
    return [{ label, lines: [`${UNKNOWN}${reason}`], tone: paint.yellow }];
  });
}

function jobsInWords(jobs: Told<JobFigures>): Words {
  const never = jobs.neverStarted === 0 ? '' : `, ${count(jobs.neverStarted)} of them never started`;
  return {
    text:
      `${count(jobs.completed)} completed, ${count(jobs.failed)} failed, ${count(jobs.cancelled)} cancelled${never}; ` +
      `${count(jobs.started)} started, ${count(jobs.inFlight)} in flight at the end`,
  };
}

function gpuInWords({ hoursUsed, hoursCompleted }: Told<GpuFigures>): Words {
  return {
    text: `${hours(hoursUsed)} GPU-hours used; jobs that ended took ${hours(hoursCompleted)} in all`,
  };
}

function etlInWords({ completed, failed, cancelled, inFlight }: Told<JobFigures>): Words {
  const stopped = cancelled === 0 ? '' : `, ${count(cancelled)} cancelled`;
  return {
    text: `${count(completed)} completed, ${count(failed)} failed${stopped}; ${count(inFlight)} running at the end`,
  };
}

function bigqueryInWords(section: Told<BigQueryFigures>): Words {
  const { tables, bytes: size, jobsCompleted, jobsFailed, perDataset, more } = section;
  return {
    text: `${counted(tables, 'table')}, ${amount(size)}; ${counted(jobsCompleted, 'job')} completed, ${count(jobsFailed)} failed`,
    ...largest(perDataset, more, 'dataset', (row: Told<BigQueryFigures['perDataset'][number]>) => [
      name(row.dataset),
      counted(row.tables, 'table'),
      amount(row.bytes),
    ]),
  };
}

function storageInWords(section: Told<StorageFigures>): Words {
  const { buckets, bytes: size, objects, softDeletedBytes, perBucket, more } = section;
  return {
    text: `${counted(buckets, 'bucket')}, ${amount(size)} in ${counted(objects, 'object')}; ${amount(softDeletedBytes)} soft-deleted`,
    ...largest(perBucket, more, 'bucket', (row: Told<StorageFigures['perBucket'][number]>) => [
      name(row.bucket),
      amount(row.bytes),
      counted(row.objects, 'object'),
    ]),
  };
}

function cloudRunInWords(section: Told<CloudRunFigures>): Words {
  const { services, activeServices, requests, perService, more } = section;
  const classes = known(requests) === undefined || more !== 0 ? [] : classesOf(perService);
  const parts = classes.map(([responses, total]) => `${responses} ${figure(total)}`).join(', ');
  return {
    text: `${counted(services, 'service')}, ${count(activeServices)} active; ${counted(requests, 'request')}${parts ? ` (${parts})` : ''}`,
    ...largest(perService, more, 'service', (row: Told<CloudRunFigures['perService'][number]>) => {
      const answered = fieldsOf(row.requests);
      const total = Object.values(answered).reduce<number>((sum, value) => sum + (known(value) ?? 0), 0);
      return [
        `${name(row.service)} (${name(row.region)})`,
        plural(total, 'request'),
        `${count(answered['5xx'] ?? 0)} 5xx`,
      ];
    }),
  };
}

/** Requests by class of response over all services, the classes that occurred. */
function classesOf(perService: unknown): [string, number][] {
  const rows = listOf(perService).map(({ requests }) => fieldsOf(requests));
  return RESPONSE_CLASSES.map((responses): [string, number] => [
    responses,
    rows.reduce((sum, row) => sum + (known(row[responses]) ?? 0), 0),
  ]).filter(([, total]) => total > 0);
}

type Firestore = DatabaseFigures['firestore'];
type CloudSql = NonNullable<DatabaseFigures['cloudSql']>;

function firestoreOf({ database }: Told<Sections>): unknown {
  return fieldsOf(database).firestore;
}

function cloudSqlOf({ database }: Told<Sections>): unknown {
  const { cloudSql, more } = fieldsOf(database);
  // The settings name the Firestore databases, so that those which are not listed are instances.
  return isObject(cloudSql) ? { ...cloudSql, more } : undefined;
}

function firestoreInWords({ bytes: size, documents, collections, perDatabase }: Told<Firestore>): Words {
  return {
    text: `${amount(size)}, ${counted(documents, 'document')}, ${counted(collections, 'collection')}`,
    // One alone says no more than the total.
    ...(listOf(perDatabase).length > 1
      ? largest(perDatabase, 0, 'database', (row: Told<Firestore['perDatabase'][number]>) => [
          name(row.database),
          amount(row.bytes),
        ])
      : {}),
  };
}

function cloudSqlInWords(section: Told<CloudSql> & { more?: unknown }): Words {
  const { instances, bytes: size, tables, perInstance, more } = section;
  return {
    text: `${counted(instances, 'instance')}, ${amount(size)}, ${counted(tables, 'table')}`,
    ...largest(perInstance, more, 'instance', (row: Told<CloudSql['perInstance'][number]>) => [
      name(row.instance),
      amount(row.bytes),
    ]),
  };
}

/** The first parts of a section in `cells`, and how many there are besides; none of totals, which have no parts. */
function largest(
  parts: unknown,
  unlisted: unknown,
  noun: string,
  cells: (row: Fields) => string[],
): Pick<Entry, 'rows' | 'more'> {
  const rows = listOf(parts);
  const shown = rows.slice(0, ROWS_SHOWN);
  const hidden = rows.length - shown.length + (known(unlisted) ?? 0);
  return {
    rows: shown.map(cells),
    more: hidden > 0 ? `and ${figure(hidden)} more ${hidden === 1 ? noun : `${noun}s`}` : undefined,
  };
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function known(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function count(value: unknown): string {
  return figure(known(value));
}

function counted(value: unknown, one: string): string {
  return plural(known(value), one);
}

function amount(value: unknown): string {
  return bytes(known(value));
}

function hours(value: unknown): string {
  return figure(known(value), 1);
}

function name(value: unknown): string {
  return cut(oneLine(String(value)), 60) || UNKNOWN;
}
