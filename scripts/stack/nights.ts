import { type CatalogEntry, nextSlot } from '../../functions/shared/catalog.ts';
import { addMs, DAY_MS, HOUR_MS } from '../../functions/shared/dates.ts';
import { aborted } from '../shared/stopping.ts';
import type { Tell } from '../shared/tell.ts';
import { isGood } from '../words/answer.ts';
import { stamp } from '../words/figures.ts';
import { paint } from '../words/terminal.ts';
import { readAnswer, tellAttempt } from './run-tasks.ts';
import type { Attempt } from './stand-ins/scheduler/live-job.ts';
import type { Stack } from './up.ts';

/** A task that is due more often than this is told in one line per night. */
const OFTEN_MS = HOUR_MS;

/**
 * Lets so many times 24 hours pass: the clock jumps from slot to slot, the sample lives on until then, each slot is
 * delivered, and what each task did is told. Whether all of them did what they should.
 */
export async function passNights(
  { scheduler, clock, catalog, sample }: Pick<Stack, 'scheduler' | 'clock' | 'catalog' | 'sample'>,
  nights: number,
  tell: Tell,
  signal: AbortSignal,
): Promise<boolean> {
  const often = new Set(
    Object.values(catalog)
      .filter((entry) => isOften(entry, clock.now()))
      .map(({ task }) => task),
  );
  let allFine = true;
  let quiet: Attempt[] = [];
  const unwatch = scheduler.watch((attempt) => {
    const fine = isGood(readAnswer(attempt.text).outcome);
    allFine &&= fine;
    if (fine && often.has(attempt.job)) return void quiet.push(attempt);
    tell.line(paint.dim(`  ${stamp(clock.now())}`));
    tellAttempt(attempt, tell);
  });
  scheduler.fireSlots();
  let end = clock.now();
  for (let night = 1; night <= nights; night += 1) {
    tell.line(`\nNight ${night} of ${nights}\n`);
    end = addMs(end, DAY_MS);
    for (let due = scheduler.nextAt(); due && due <= end; due = scheduler.nextAt()) {
      await sample?.liveUntil(due);
      clock.jumpTo(due);
      await Promise.race([scheduler.settled(), aborted(signal)]);
    }
    for (const task of often) {
      const count = quiet.filter(({ job }) => job === task).length;
      if (count > 0) tell.line(`  ${paint.bold(task)} ${paint.green('ran well')} ${count} times`);
    }
    quiet = [];
  }
  unwatch();
  return allFine;
}

function isOften(entry: CatalogEntry, now: Date): boolean {
  const first = nextSlot(entry, now);
  return nextSlot(entry, first).getTime() - first.getTime() < OFTEN_MS;
}
