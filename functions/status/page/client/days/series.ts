import { bytes, figure } from '../../../../shared/figures.ts';
import type { DayAnswer } from '../../../api/schemas.ts';

/** A part of a bar, from the bottom up. */
export interface Part {
  name: string;
  tone: 'good' | 'bad' | 'calm' | 'busy';
  /** `null` where it is not known, which is not 0. */
  of(day: DayAnswer): number | null;
}

/** What a chart shows of each day. */
export interface Series {
  id: string;
  title: string;
  parts: readonly Part[];
  words(value: number): string;
}

export const SERIES: readonly Series[] = [
  {
    id: 'jobs-ended',
    title: 'Jobs that ended',
    parts: [
      { name: 'completed', tone: 'good', of: ({ jobs }) => jobs?.completed ?? null },
      { name: 'cancelled', tone: 'calm', of: ({ jobs }) => jobs?.cancelled ?? null },
      { name: 'failed', tone: 'bad', of: ({ jobs }) => jobs?.failed ?? null },
    ],
    words: (value) => figure(value),
  },
  {
    id: 'gpu-hours',
    title: 'GPU-hours used',
    parts: [{ name: 'GPU-hours', tone: 'busy', of: ({ gpu }) => gpu?.hoursUsed ?? null }],
    words: (value) => `${figure(value, 1)} h`,
  },
  {
    id: 'storage',
    title: 'Cloud Storage',
    parts: [{ name: 'stored', tone: 'busy', of: ({ storage }) => storage?.bytes ?? null }],
    words: bytes,
  },
  {
    id: 'bigquery',
    title: 'BigQuery tables',
    parts: [{ name: 'stored', tone: 'busy', of: ({ bigquery }) => bigquery?.bytes ?? null }],
    words: bytes,
  },
];

/** What a bar comes to; `null` where no part of it is known. */
export function totalOf({ parts }: Series, day: DayAnswer): number | null {
  const values = parts.map(({ of }) => of(day)).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

/** The newest known bar and the highest one; `null` where none is known. */
export function extremesOf(series: Series, days: readonly DayAnswer[]) {
  const known = days.flatMap((day) => {
    const total = totalOf(series, day);
    return total === null ? [] : [{ date: day.date, total }];
  });
  const newest = known.at(-1);
  return newest ? { newest, highest: known.reduce((a, b) => (b.total > a.total ? b : a)) } : null;
}
