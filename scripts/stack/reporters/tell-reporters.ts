import { progressWords } from '../../../functions/shared/figures.ts';
import type { JobAnswer } from '../../../functions/status/api/job-schemas.ts';
import type { Tell } from '../../shared/tell.ts';
import type { ReportedJob } from './reporters.ts';

/** Tells of jobs that reported what happened to each, and what its record came to, as the status service answers it. */
export async function tellReporters(
  reported: readonly ReportedJob[],
  statusUrl: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  tell.line('\nJobs that report\n');
  for (const { job, happened } of reported) {
    const answer = await fetch(`${statusUrl}api/jobs/jobs/${job}`, { signal });
    const words = answer.ok ? cameTo(((await answer.json()) as { data: JobAnswer }).data) : 'no record';
    tell.line(`  ${job.padEnd(28)} ${happened}`);
    tell.line(`  ${''.padEnd(28)} ${words}`);
  }
}

function cameTo({ record, reporter, endedBy }: JobAnswer): string {
  const progress = progressWords(reporter?.progress ?? null);
  const by = endedBy ? `${endedBy.rule}: ${endedBy.because}` : '';
  return [`${record.state}${ranFor(record)}`, progress, by].filter(Boolean).join('; ');
}

function ranFor({ startedAt, endedAt }: JobAnswer['record']): string {
  if (startedAt === null || endedAt === null) return '';
  const seconds = Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
  return `, ${startedAt.slice(11, 19)} to ${endedAt.slice(11, 19)} UTC, ${seconds} s`;
}
