import { hash } from 'node:crypto';
import type { Catalog } from '../../functions/shared/catalog.ts';
import { gapsOf, isCron } from '../../functions/shared/cron.ts';
import { SECOND_MS } from '../../functions/shared/dates.ts';
import { InvalidConfiguration } from '../../functions/shared/errors.ts';

/** What Terraform must know of the archives, and cannot find out. */
export interface BuiltFrom {
  'catalog.json': string;
  'settings.json': string;
  /** The longest time from a slot of each task to the next. */
  longestGapSeconds: Record<string, number>;
}

/** The files of functions/ that archives are built of, as text. */
export type Sources = Record<'catalog.json' | 'settings.json', string>;

const SWEEP = 'sweep-stale-jobs';
/** As in infra/alerts.tf, which tells where it comes from; and how long it takes until a metric shows a line of the log. */
const ABSENCE_LIMIT_SECONDS = 84_600;
const METRIC_SECONDS = 300;

/** What archives of these files are built from. */
export function builtFrom(sources: Sources): BuiltFrom {
  const catalog: Record<string, { schedule?: string }> = JSON.parse(sources['catalog.json']);
  const gaps = Object.entries(catalog)
    // A service has no schedule.
    .flatMap(([task, { schedule = '' }]) =>
      isCron(schedule) ? [[task, gapsOf(schedule).longestMs / SECOND_MS] as const] : [],
    );
  return {
    'catalog.json': hash('sha256', sources['catalog.json']),
    'settings.json': hash('sha256', sources['settings.json']),
    longestGapSeconds: Object.fromEntries(gaps),
  };
}

/** Throws InvalidConfiguration when nobody could be told that the sweep, which watches all other tasks, is absent. */
export function checkSweep(catalog: Catalog, { longestGapSeconds }: BuiltFrom): void {
  const sweep = catalog[SWEEP];
  const gapSeconds = longestGapSeconds[SWEEP];
  if (!sweep?.enabled || gapSeconds === undefined) return;
  const delaySeconds = Math.ceil((sweep.startGraceSeconds + sweep.timeoutSeconds + METRIC_SECONDS) / 60) * 60;
  if (gapSeconds + delaySeconds <= ABSENCE_LIMIT_SECONDS) return;
  throw new InvalidConfiguration('functions/catalog.json', [
    {
      path: `${SWEEP}.schedule`,
      message: `Cannot use ${JSON.stringify(sweep.schedule)}, up to ${gapSeconds} s from a slot to the next`,
      expected: `${ABSENCE_LIMIT_SECONDS - delaySeconds} s at most: Google looks back ${ABSENCE_LIMIT_SECONDS} s for what is absent, and a sweep may be seen ${delaySeconds} s late`,
    },
  ]);
}
