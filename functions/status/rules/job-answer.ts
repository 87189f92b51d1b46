import { addMs } from '../../shared/dates.ts';
import { isTerminal } from '../../shared/model/job/job.ts';
import { ACTIVE_STATES } from '../../shared/model/job/states.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import { livenessOf } from '../../shared/model/job/verdict/liveness.ts';
import { instant } from '../../shared/model/job/verdict/words.ts';
import type { JobAnswer } from '../api/job-schemas.ts';
import { aliveAfterLost, reporterAnswer } from './reporter-answer.ts';

/** The backend of a source. */
export interface BackendOfSource {
  kind: string | null;
  /** Such as `Vertex AI`. */
  name: string | null;
}

/** The record of a job beside what its backend says, with the verdict of a sweep at this instant. */
export function jobAnswer(
  suspect: Suspect,
  verdict: Verdict,
  backend: BackendOfSource,
  now: Date,
): JobAnswer {
  const { job, writtenAt, truth } = suspect;
  const { source, id, path, project, type, added } = job;
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  const shown = shownOf(suspect, verdict, now);
  const agrees = shown === job.state;
  return {
    source,
    id,
    path,
    project,
    type,
    record: {
      state: job.state,
      status: job.status,
      createdAt: iso(job.createdAt),
      startedAt: iso(job.startedAt),
      heartbeatAt: iso(job.heartbeatAt),
      endedAt: iso(job.endedAt),
      writtenAt: writtenAt.toISOString(),
      error: job.error,
    },
    backend: {
      kind: backend.kind,
      id: job.backendId,
      state: truth?.state ?? 'unknown',
      said: truth?.said ?? whyNotAsked(suspect, backend),
      startedAt: iso(truth?.startedAt ?? null),
      endedAt: iso(truth?.endedAt ?? null),
      askedAt: iso(truth?.askedAt ?? null),
    },
    reporter: reporterAnswer(job),
    verdict: {
      kind: verdict.kind,
      rule: verdict.rule,
      because: verdict.because,
      brokenAt: iso(verdict.brokenAt),
      endedAt: 'state' in verdict ? verdict.endedAt.toISOString() : null,
    },
    shown,
    agrees,
    because: agrees
      ? verdict.because
      : `the record says ${job.status || 'nothing'}; ${whyNot(suspect, verdict, now)}`,
    endedBy: added.evidence && {
      rule: added.evidence.rule,
      because: added.evidence.because,
      foundAt: added.evidence.foundAt.toISOString(),
      by: added.evidence.by,
    },
    command: `npm run -s ops -- why ${quoted(id)} --source ${source}`,
  };
}

/**
 * The state to believe. Where the evidence is not enough that is unknown: the backend contradicts the record, or neither
 * shows life. A record that does, under a backend that cannot tell, no sweep would ask about.
 */
function shownOf(suspect: Suspect, verdict: Verdict, now: Date): JobAnswer['shown'] {
  const { job, truth } = suspect;
  if ('state' in verdict) return verdict.state;
  if (isStillReporting(suspect, now)) return 'running';
  const isContradicted = truth !== null && truth.state !== 'unknown' && truth.state !== job.state;
  if (verdict.kind === 'unknown' && (isContradicted || livenessOf(suspect, now).stale)) return 'unknown';
  if (isTerminal(job.state)) return job.state;
  const isActive = ACTIVE_STATES.find((state) => state === truth?.state);
  return isActive ?? job.state;
}

/** Whether a job that a sweep has called lost reports that it lives, as often as it has to. */
function isStillReporting({ job, limits }: Suspect, now: Date): boolean {
  const at = aliveAfterLost(job, now);
  return at !== null && addMs(at, limits.staleAfterMs + limits.graceMs) >= now;
}

/** Why the record is not to be believed, in words. */
function whyNot({ job }: Suspect, { because }: Verdict, now: Date): string {
  const { evidence, report } = job.added;
  const at = aliveAfterLost(job, now);
  if (!at || !evidence) return because;
  const where = report?.host ? ` on ${report.host}` : '';
  return `a sweep called it lost ${instant(evidence.foundAt)}, but it reported${where} that it lives, ${instant(at)}`;
}

function whyNotAsked({ job }: Suspect, { kind }: BackendOfSource): string {
  if (kind === null) return 'its source has no backend';
  if (isTerminal(job.state)) return 'not asked: its record has ended';
  return job.backendId === null ? 'its record names no job there' : 'not asked';
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
