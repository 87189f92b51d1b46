import type { Check, Checks, DailyMetrics } from '../../functions/shared/model/day/day.ts';
import { cut } from './columns.ts';
import { figure, plural, UNKNOWN } from './figures.ts';
import { oneLine } from './terminal.ts';

/** At most so many vanished records are named on a day. */
const VANISHED_LISTED = 100;
const NAMES_SHOWN = 3;
const REASONS_SHOWN = 3;
const FAULTS = ['skewed', 'malformed', 'unmapped'] as const;

/** How the checks of a day stand together: the worst of them. */
export function verdictOf(checks: Checks): Check['status'] {
  const all = checksIn(checks).map(({ check }) => check.status);
  return all.find((status) => status === 'broken') ?? all.find((status) => status === 'unknown') ?? 'holds';
}

/** The broken checks, such as `in flight 7, not 9`. */
export function brokenInWords(checks: Checks): string[] {
  return checksIn(checks)
    .filter(({ check }) => check.status === 'broken')
    .map(brokenText);
}

/** Every check and how it stands. */
export function checksInWords(checks: Checks): string {
  return checksIn(checks)
    .map((it) => {
      if (it.check.status === 'broken') return brokenText(it);
      return `${it.what} ${it.check.status === 'holds' ? it.holds : 'unknown'}`;
    })
    .join(', ');
}

/** How many records were wrong, and in which way: `2 skewed`; and how many ends nobody told. */
export function faultsInWords({ totals, inferredEnds }: Pick<Checks, 'totals' | 'inferredEnds'>): string[] {
  const faults = FAULTS.filter((fault) => totals[fault] > 0).map(
    (fault) => `${figure(totals[fault])} ${fault}`,
  );
  return [...faults, ...inferredInWords(inferredEnds)];
}

/** The same with the names of some of the records, and what is wrong with a few of them. */
export function namedFaults(
  checks: Pick<Checks, (typeof FAULTS)[number] | 'totals' | 'reasons' | 'inferredEnds'>,
): string[] {
  const faults = FAULTS.filter((fault) => checks.totals[fault] > 0).map(
    (fault) =>
      `${figure(checks.totals[fault])} ${fault}: ${namesInWords(checks[fault], checks.totals[fault])}`,
  );
  const reasons = checks.reasons
    .slice(0, REASONS_SHOWN)
    .map(({ id, because }) => `${namesInWords([id], 1)}: ${cut(oneLine(because), 160)}`);
  return [...faults, ...reasons, ...inferredInWords(checks.inferredEnds)];
}

function inferredInWords(inferredEnds: number): string[] {
  return inferredEnds > 0 ? [`${plural(inferredEnds, 'end')} inferred`] : [];
}

/** How many records vanished. The list is cut, so a full one says only how many there are at least. */
export function vanishedInWords({ vanished }: NonNullable<DailyMetrics['conflict']>): string {
  return `${vanished.length >= VANISHED_LISTED ? 'at least ' : ''}${plural(vanished.length, 'record')} vanished`;
}

/** The first few of `total` names. */
export function namesInWords(names: readonly string[], total: number): string {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => oneLine(name) || UNKNOWN);
  const more = total - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${figure(more)} more` : ''}`;
}

interface NamedCheck {
  what: string;
  holds: 'hold' | 'holds';
  check: Check;
}

function checksIn({ inFlight, hoursUsed, etl }: Checks): NamedCheck[] {
  return [
    { what: 'in flight', holds: 'holds', check: inFlight },
    { what: 'GPU hours', holds: 'hold', check: hoursUsed },
    ...(etl ? [{ what: 'ETL in flight', holds: 'holds' as const, check: etl.inFlight }] : []),
  ];
}

function brokenText({ what, check: { expected, actual } }: NamedCheck): string {
  return `${what} ${amount(actual)}, not ${amount(expected)}`;
}

function amount(value: number | null): string {
  return figure(value, value === null || Number.isInteger(value) ? 0 : 1);
}
