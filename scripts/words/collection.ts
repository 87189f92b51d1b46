import { fieldsOf, isObject } from '../shared/objects.ts';
import { type Entry, entriesInWords, lineWidth } from './entries.ts';
import { plural } from './figures.ts';
import { inWords, spaced } from './plain.ts';
import { FIGURE_NAMES, PART_NAMES, sectionsInWords } from './section.ts';
import { paint } from './terminal.ts';

type Fields = Record<string, unknown>;

/** Days of a dry run that are shown one by one. */
const DAYS_SHOWN = 7;

/** The lines for the summary of a collection of days, `indent` of the terminal being taken, and what they leave untold. */
export function collectionInWords(summary: Fields, indent: number): { lines: string[]; rest: Fields } {
  const {
    sources,
    from,
    to,
    daysCollected,
    daysChanged,
    daysFinal,
    documentsRead,
    latest,
    days,
    remainingDays,
    records,
    ...rest
  } = summary;
  const { remaining } = rest;
  const span = from === to ? inWords(from) : `${inWords(from)} to ${inWords(to)}`;
  const compared = Array.isArray(days) ? days.map(fieldsOf) : undefined;
  const facts = [
    documentsRead === undefined ? '' : `${plural(Number(documentsRead), 'document')} read`,
    daysChanged === undefined ? '' : `${inWords(daysChanged)} ${compared ? 'would change' : 'changed'}`,
    daysFinal === undefined ? '' : `${inWords(daysFinal)} final`,
  ].filter(Boolean);
  const headline = `${plural(Number(daysCollected), 'day')} ${compared ? 'recomputed' : 'collected'}${from ? `, ${span}` : ''}`;
  const width = lineWidth() - indent;
  return {
    lines: [
      facts.length > 0 ? `${headline}: ${facts.join(', ')}` : headline,
      ...(compared ? comparedLines(compared, width) : []),
      // Where nothing would change, the figures themselves are what there is to see.
      ...(compared?.some((day) => day.wouldChange)
        ? []
        : dayLines(fieldsOf(latest), fieldsOf(sources), width)),
      ...recordLines(fieldsOf(records)),
      // The list is cut where it grows long; its count is not.
      ...(Array.isArray(remaining) && Number(remainingDays) > remaining.length
        ? [`${plural(Number(remainingDays), 'day')} remain`]
        : []),
    ],
    rest,
  };
}

/** What of a source's records a person should look at. */
function recordLines(records: Fields): string[] {
  return Object.entries(records).flatMap(([source, notes]) => {
    const { writtenLate, notLookedAt } = fieldsOf(notes);
    const { records: late, mostHours, example } = fieldsOf(writtenLate);
    const behind = `than their updatedAt says, at most ${inWords(mostHours)} h, e.g. ${inWords(example)}`;
    return [
      ...(Number(late) > 0 ? [`${source}: ${plural(Number(late), 'record')} written later ${behind}`] : []),
      ...(Number(notLookedAt) > 0
        ? [`${source}: ${plural(Number(notLookedAt), 'more record')} that cannot be read`]
        : []),
    ];
  });
}

/** The newest day's sections. Why a source gave no answer is shown once, among the problems. */
function dayLines(latest: Fields, sources: Fields, width: number): string[] {
  const date = inWords(latest.date);
  if (!date) return [];
  const asked = Object.fromEntries(Object.keys(sources).map((name) => [name, {}]));
  const entries = sectionsInWords(latest, asked);
  return entries.length === 0
    ? [`${date}: no figures yet`]
    : [date, ...entriesInWords([...entries, ...sourcesEntries(sources)], width)];
}

/** How the sources stood, each at its worst over all days. */
function sourcesEntries(sources: Fields): Entry[] {
  const bad = Object.entries(sources).flatMap(([name, state]) => {
    const { status } = fieldsOf(state);
    return status === 'ok' ? [] : [`${name} ${inWords(status)}`];
  });
  return bad.length === 0 ? [] : [{ label: 'Sources', lines: [bad.join(', ')], tone: paint.yellow }];
}

/** What a dry run would change, figure by figure; all there is of a day that is not stored. */
function comparedLines(days: Fields[], width: number): string[] {
  const changing = days.filter((day) => day.wouldChange === true);
  const shown = changing.slice(-DAYS_SHOWN).flatMap(({ date, stored, recomputed }) => {
    const found = fieldsOf(recomputed);
    if (!stored)
      return [`${inWords(date)}: not stored yet`, ...entriesInWords(sectionsInWords(found, {}), width)];
    const changes = changesBetween(figures(fieldsOf(stored)), figures(found));
    return [
      `${inWords(date)}: ${changes.join(', ') || 'the same totals; what lies below them would change'}`,
    ];
  });
  const untold = changing.length - Math.min(changing.length, DAYS_SHOWN);
  return [...(untold > 0 ? [`${plural(untold, 'earlier day')} would change, too`] : []), ...shown];
}

function changesBetween(before: Map<string, unknown>, after: Map<string, unknown>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key) ?? null, after.get(key) ?? null];
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [`${key} ${changeInWords(was, is)}`];
  });
}

/** Every total of a day by its name in words, such as `storage bytes`. */
function figures(totals: Fields): Map<string, unknown> {
  return new Map(
    Object.entries(FIGURE_NAMES).flatMap(([section, words]) => flattened(words, fieldsOf(totals[section]))),
  );
}

function flattened(name: string, values: Fields): [string, unknown][] {
  return Object.entries(values).flatMap(([key, value]) => {
    const full = PART_NAMES[key] ?? `${name} ${spaced(key)}`;
    return isObject(value) ? flattened(full, value) : [[full, value]];
  });
}

/** The change of a figure; exact where rounded figures would be equal. */
function changeInWords(was: unknown, is: unknown): string {
  const [before, after] = [figureInWords(was), figureInWords(is)];
  return before === after ? `${inWords(String(was))} -> ${inWords(String(is))}` : `${before} -> ${after}`;
}

function figureInWords(value: unknown): string {
  if (Array.isArray(value)) return inWords(value) || 'none';
  return inWords(value) || 'unknown';
}
