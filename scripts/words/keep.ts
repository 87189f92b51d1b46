import type { KeepReason } from '../../functions/shared/model/cleanup/cleanup.ts';
import { fieldsOf } from '../shared/objects.ts';
import { figure } from './figures.ts';
import { spaced } from './plain.ts';

/** Why artifacts are kept, as it is said of one job, and of several where that differs. */
const WORDS: Record<KeepReason, readonly [one: string, several?: string]> = {
  active: ['active'],
  'unknown-status': ['of unknown status'],
  'no-artifact': ['without artifacts'],
  'bad-uri': ['with a URI that cannot be used'],
  'foreign-bucket': ['in a bucket that is not allowed'],
  'deleted-before': ['deleted before'],
  'nothing-there': ['with nothing there'],
  unreadable: ['with a field that cannot be read', 'with fields that cannot be read'],
  'no-end': ['without an end'],
  'future-end': ['with an end to come'],
  'signs-of-life': ['with signs of life after its end', 'with signs of life after their end'],
  young: ['young'],
  'registered-model': ['registered model', 'registered models'],
  pinned: ['pinned'],
  'newest-success': ['newest success', 'newest successes'],
  'written-after-end': ['written to after its end', 'written to after their end'],
  'bucket-not-eligible': ['in a bucket without soft delete', 'in buckets without soft delete'],
  held: ['on hold'],
  'ambiguous-uri': ['whose URI may name two places'],
  unlisted: ['with objects that could not be listed'],
  parent: ['resumed from by another', 'resumed from by others'],
  protected: ['protected'],
  overlap: ['overlapping another', 'overlapping others'],
  later: ['left to a later plan'],
};
const KNOWN: Partial<Record<string, readonly [one: string, several?: string]>> = WORDS;

/** A reason as it is said of `count` jobs. */
export function reasonInWords(reason: string, count = 1): string {
  const [one, several = one] = KNOWN[reason] ?? [spaced(reason)];
  return count === 1 ? one : several;
}

/** How many jobs are kept for which reason, the most first: `5 young, 3 registered models`. */
export function keptInWords(keptByReason: unknown): string {
  return Object.entries(fieldsOf(keptByReason))
    .map(([reason, count]) => [reason, Number(count)] as const)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${figure(count)} ${reasonInWords(reason, count)}`)
    .join(', ');
}
