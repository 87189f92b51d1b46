import { cut } from '../../words/columns.ts';
import { figure, plural, UNKNOWN } from '../../words/figures.ts';
import { oneLine, paint } from '../../words/terminal.ts';
import type { Change } from './rules/decide.ts';
import { type Example, OUTCOMES, type Outcome, type Tally } from './tally.ts';

/** The words of the report of an import. */

/** So many of a list are shown. */
const SHOWN = 20;
const LONGEST_VALUE = 40;

/** What became of the jobs: `3 created, 1 updated`. */
export function outcomesInWords({ outcomes }: Pick<Tally, 'outcomes'>): string {
  const parts = OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map(
    (outcome) => `${figure(outcomes[outcome])} ${outcome === 'kept' ? 'kept as they are' : outcome}`,
  );
  return parts.join(', ') || 'nothing to do';
}

/** Why records were kept, and how the file goes before them. */
export function keptInWords({ reasons }: Pick<Tally, 'reasons'>): string[] {
  if (reasons.size === 0) return [];
  const parts = [...reasons]
    .sort(([, a], [, b]) => b - a)
    .map(([because, count]) => `  ${figure(count)}: ${oneLine(because)}`);
  return [
    paint.yellow(
      'kept what the record says of these, and filled what it lacks (--overwrite writes all of the file):',
    ),
    ...someOf(parts),
  ];
}

/** Rows that are not imported. */
export function rejectedInWords({ rejected, rejections }: Pick<Tally, 'rejected' | 'rejections'>): string[] {
  if (rejected === 0) return [];
  const more = rejected - Math.min(rejected, SHOWN);
  return [
    paint.yellow(`rejected ${plural(rejected, 'row')}:`),
    ...rejections.slice(0, SHOWN).map(({ line, reason }) => `  line ${line}: ${oneLine(reason)}`),
    ...(more > 0 ? [paint.dim(`  and ${figure(more)} more; --json lists all`)] : []),
  ];
}

/** They hold whatever a record holds, also integers that JSON has no form for. */
export function examplesAsJson(examples: readonly Example[]): unknown {
  return JSON.parse(
    JSON.stringify(examples, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
}

const VERBS: Record<Outcome, string> = {
  created: 'create',
  updated: 'update',
  unchanged: 'leave',
  kept: 'keep',
};

/** The first of what would be done, a line each. */
export function examplesInWords(examples: readonly Example[]): string[] {
  return examples.map(({ id, line, outcome, because, changes }) => {
    const what = changes.map((change) => changeInWords(outcome, change)).join(', ');
    const why = because === null ? [] : [oneLine(because)];
    return `  ${VERBS[outcome]} ${cut(oneLine(id), LONGEST_VALUE)} (line ${line}): ${[...why, ...(what ? [what] : [])].join('; ')}`;
  });
}

function changeInWords(outcome: Outcome, { path, before, after }: Change): string {
  return outcome === 'created'
    ? `${path} ${inWords(after)}`
    : `${path} ${inWords(before)} -> ${inWords(after)}`;
}

function inWords(value: unknown): string {
  if (value === undefined || value === null) return UNKNOWN;
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'object' ? 'a map' : String(value);
  return cut(oneLine(text), LONGEST_VALUE);
}

function someOf(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), paint.dim(`  and ${figure(more)} more reasons`)] : [...lines];
}
