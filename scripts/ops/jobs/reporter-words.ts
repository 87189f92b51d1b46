import { progressWords } from '../../../functions/shared/figures.ts';
import type { StoredReport } from '../../../functions/shared/model/report/stored.ts';
import { figure, relative, stamp } from '../../words/figures.ts';

/** What an execution reports of itself, in words. */

/** How it stands by its own words, in a few: its progress, else its state. */
export function reportedShort(report: StoredReport | null): string {
  if (!report) return '';
  const isGoing = report.state === 'running' || report.state === 'queued';
  return (
    (isGoing && progressWords(report.progress)) || [report.state, report.cause].filter(Boolean).join(', ')
  );
}

/** All that it told, each with its label. */
export function reportInWords(report: StoredReport, now: Date): [label: string, text: string | null][] {
  const { execution, host, state, aliveAt, progressAt, checkpoint, cause, exitCode, signal, goneAt } = report;
  const how = [cause, exitCode === null ? null : `exit code ${exitCode}`, signal].filter(Boolean).join(', ');
  const since = (at: Date | null) => at && `${stamp(at)}, ${relative(at, now)}`;
  const progress = progressWords(report.progress);
  const rivals = report.rivals.map((one) => `${one.execution} on ${one.host ?? 'an unknown host'}`);
  return [
    ['Reports', [state, how].filter(Boolean).join(': ')],
    ['Execution', host === null ? execution : `${execution} on ${host}`],
    ['Last alive', since(aliveAt)],
    ['Found dead', since(goneAt)],
    ['Progress', progress && progressAt ? `${progress}, since ${stamp(progressAt)}` : progress || null],
    [
      'Checkpoint',
      checkpoint && `${checkpoint.uri}${checkpoint.step === null ? '' : `, step ${figure(checkpoint.step)}`}`,
    ],
    ['Runs as well', rivals.join('; ') || null],
  ];
}
