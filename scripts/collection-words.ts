import { fieldsOf } from './objects.ts';
import { plural } from './ops/words.ts';
import { inWords, spaced } from './plain-words.ts';

type Fields = Record<string, unknown>;

/** Days of a dry run that are told one by one. */
const DAYS_TOLD = 7;

/** The lines for the summary of a collection of days, and what of it they leave untold. */
export function collectionInWords(summary: Fields): { lines: string[]; rest: Fields } {
  const {
    from,
    to,
    daysCollected,
    daysChanged,
    daysFinal,
    documentsRead,
    latest,
    days,
    remainingDays,
    ...rest
  } = summary;
  const { remaining } = rest;
  const span = from === to ? from : `${from} to ${to}`;
  const compared = Array.isArray(days) ? days.map(fieldsOf) : undefined;
  const facts = [
    documentsRead === undefined ? '' : `${plural(Number(documentsRead), 'document')} read`,
    daysChanged === undefined ? '' : `${inWords(daysChanged)} ${compared ? 'would change' : 'changed'}`,
    daysFinal === undefined ? '' : `${inWords(daysFinal)} final`,
  ].filter(Boolean);
  const headline = `${plural(Number(daysCollected), 'day')} ${compared ? 'recomputed' : 'collected'}${from ? `, ${span}` : ''}`;
  return {
    lines: [
      facts.length > 0 ? `${headline}: ${facts.join(', ')}` : headline,
      ...(compared ? comparedLines(compared) : []),
      // Where nothing would change, the figures themselves are what there is to see.
      ...(compared?.some((day) => day.wouldChange) ? [] : dayLines(fieldsOf(latest))),
      // The list is cut where it grows long; its count is not.
      ...(Array.isArray(remaining) && Number(remainingDays) > remaining.length
        ? [`${plural(Number(remainingDays), 'day')} remain`]
        : []),
    ],
    rest,
  };
}

function dayLines({ date, jobs, gpu }: Fields): string[] {
  if (typeof date !== 'string') return [];
  if (jobs === undefined || jobs === null) return [`${date}: no figures yet, the jobs could not be read`];
  const { started, completed, failed, cancelled, neverStarted, inFlight } = fieldsOf(jobs);
  const never = Number(neverStarted) > 0 ? ` (${inWords(neverStarted)} of these never started)` : '';
  const { hoursUsed, hoursCompleted } = fieldsOf(gpu);
  return [
    `${date}: ${plural(Number(started), 'job')} started; ${inWords(completed)} completed, ${inWords(failed)} failed, ` +
      `${inWords(cancelled)} cancelled${never}; ${inWords(inFlight)} in flight at its end`,
    ...(hoursUsed === undefined
      ? []
      : [
          `${date}: ${inWords(hoursUsed)} GPU-hours used; the jobs that ended took ${inWords(hoursCompleted)} in all`,
        ]),
  ];
}

/** What a dry run would change, figure by figure. */
function comparedLines(days: Fields[]): string[] {
  const changing = days.filter((day) => day.wouldChange === true);
  const told = changing.slice(-DAYS_TOLD).map(({ date, stored, recomputed }) => {
    if (!stored)
      return `${date}: not stored yet; ${figures(fieldsOf(recomputed))
        .map(([key, value]) => `${key} ${inWords(value)}`)
        .join(', ')}`;
    const before = new Map(figures(fieldsOf(stored)));
    const changes = figures(fieldsOf(recomputed))
      .filter(([key, value]) => before.get(key) !== value)
      .map(([key, value]) => `${key} ${inWords(before.get(key)) || 'unknown'} -> ${inWords(value)}`);
    return `${date}: ${changes.join(', ')}`;
  });
  const untold = changing.length - told.length;
  return [...(untold > 0 ? [`${plural(untold, 'earlier day')} would change, too`] : []), ...told];
}

function figures({ jobs, gpu }: Fields): [string, unknown][] {
  const named = (section: string, values: unknown) =>
    Object.entries(fieldsOf(values)).map(([key, value]): [string, unknown] => [
      `${section} ${spaced(key)}`,
      value,
    ]);
  return [...named('jobs', jobs), ...named('GPU', gpu)];
}
