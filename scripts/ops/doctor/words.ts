import { columnsOf, padded } from '../../words/columns.ts';
import { plural } from '../../words/figures.ts';
import { oneLine, paint } from '../../words/terminal.ts';
import type { Examined, Finding } from '../shared/check.ts';

const MARKS: Record<Finding['state'], string> = {
  ok: paint.green('ok'),
  wrong: paint.red('! '),
  unknown: paint.dim('- '),
};

/** The findings as a person reads them, group by group; the first line alone says whether anything is not fine. */
export function doctorInWords(found: readonly Examined[], place: string): string[] {
  const count = (state: Finding['state']) => found.filter((finding) => finding.state === state).length;
  const [wrong, unknown] = [count('wrong'), count('unknown')];
  const unchecked = unknown > 0 ? `, ${unknown} cannot be checked from here` : '';
  const all = plural(found.length, 'check');
  const width = Math.max(...found.map(({ what }) => columnsOf(what)));
  return [
    wrong === 0
      ? paint.green(`ok: nothing is wrong in ${place} (${all}${unchecked})`)
      : paint.red(`wrong: ${wrong} of ${all} in ${place}${unchecked}`),
    ...[...Map.groupBy(found, ({ group }) => group)].flatMap(([group, findings]) => [
      '',
      paint.bold(group),
      ...findings.flatMap((finding) => lineOf(finding, width)),
    ]),
  ];
}

function lineOf({ what, state, words, mend }: Finding, width: number): string[] {
  const said = state === 'unknown' ? paint.dim(`cannot tell: ${oneLine(words)}`) : oneLine(words);
  return [
    `  ${MARKS[state]}  ${padded(what, width)}  ${said}`,
    ...(mend === undefined ? [] : [`      ${paint.cyan(oneLine(mend))}`]),
  ];
}
