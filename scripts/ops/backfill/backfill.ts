import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '../../../functions/shared/clock.ts';
import { addDays, type Day, dayOf, daysBetween } from '../../../functions/shared/dates.ts';
import { exitWith, shell } from '../../shared/shell.ts';
import { figure, plural } from '../../words/figures.ts';
import { note, print, printJson, shellQuoted } from '../../words/terminal.ts';
import { confirmCall } from '../shared/call.ts';
import { functionOf } from '../shared/function-place.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { clockHere } from '../shared/target.ts';
import { collectDay } from './collect-day.ts';
import { type Progress, showProgress } from './progress.ts';
import { type BackfillRecord, openRecord, recordFile } from './record.ts';
import { targetOf } from './target.ts';
import { backfillAsRecord, backfillInWords } from './words.ts';

const TASK = 'collect-metrics';
const MOST_DAYS = 400;
interface BackfillOptions {
  from: Day;
  to?: Day;
  url?: string;
  yes?: true;
  restart?: true;
  json?: true;
}

/** Collects past days one by one, and says where to go on. */
export async function backfill(options: BackfillOptions): Promise<void> {
  // A function that was named may be of any deployment.
  const clock = options.url === undefined ? clockHere() : systemClock;
  const days = daysToFill(options, dayOf(clock.now()));
  const place = await functionOf(TASK, options.url);
  const what = `${plural(days.length, 'day')}, ${days[0]} to ${days.at(-1)}`;
  await confirmCall(place, `This collects ${what}`, options.yes);
  const { url } = place;
  const record = openRecord(recordFile(targetOf(url), options), { anew: options.restart === true });
  const before = days.filter((date) => record.done.has(date)).length;
  if (before > 0)
    note(`${figure(before)} of ${plural(days.length, 'day')} were done before; --restart begins anew`);

  const started = performance.now();
  const command = commandOf(options);
  const progress = showProgress(days.length, before);
  const stopping = shell().listenForStop(() => {
    progress.stop();
    note(`Stopped at once; what was under way may go on. Go on with: ${command}`);
  });
  const sayWhy = () => progress.say('stopping after it; Ctrl-C again: at once');
  // The abort comes from outside, where `shell()` is another one or none: the listener keeps this one.
  stopping.signal.addEventListener('abort', AsyncLocalStorage.bind(sayWhy));
  const failure = await fill(days, url, { record, progress, signal: stopping.signal });
  progress.stop();

  const tookMs = performance.now() - started;
  if (options.json) printJson(backfillAsRecord(days, record.done, tookMs));
  else print(...backfillInWords({ days, done: record.done }, tookMs));
  if (failure)
    throw new OpsProblem(`${failure.message}. Go on with: ${command}`, failure.exitCode, { cause: failure });
  if (days.every((date) => record.done.has(date))) return record.forget();
  note(`Stopped. Go on with: ${command}`);
  exitWith(stopping.exitCode());
}

/** Collects the days that are not done; returns what stopped it other than `signal`, if anything did. */
async function fill(
  days: readonly Day[],
  url: URL,
  { record, progress, signal }: { record: BackfillRecord; progress: Progress; signal: AbortSignal },
): Promise<OpsProblem | undefined> {
  try {
    for (const date of days) {
      if (signal.aborted) return undefined;
      if (record.done.has(date)) continue;
      progress.begin(date);
      const result = await collectDay(date, url, { signal, onWait: progress.say });
      record.keep(date, result);
      progress.done(result);
    }
    return undefined;
  } catch (error) {
    if (error instanceof OpsProblem) return error;
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The days to collect. Throws when they are none, too many, or yet to come. */
export function daysToFill({ from, to }: Pick<BackfillOptions, 'from' | 'to'>, today: Day): Day[] {
  const last = to ?? addDays(today, -1);
  const cannot = `Cannot collect ${from} to ${last}`;
  if (last > today) throw usage(`${cannot}: today is ${today}, UTC`);
  if (from > last) throw usage(`${cannot}: the first day is after the last`);
  const days = daysBetween(from, last);
  if (days.length > MOST_DAYS) throw usage(`${cannot}: ${days.length} days, at most ${MOST_DAYS} at once`);
  return days;
}

function commandOf({ from, to, url, yes, json }: BackfillOptions): string {
  return [
    `npm run -s ops -- backfill --from ${from}`,
    ...(to === undefined ? [] : [`--to ${to}`]),
    ...(url === undefined ? [] : [`--url ${shellQuoted(url)}`]),
    ...(yes ? ['--yes'] : []),
    ...(json ? ['--json'] : []),
  ].join(' ');
}
