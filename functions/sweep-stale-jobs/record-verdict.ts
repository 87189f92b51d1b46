import type { Verdict } from '../shared/model/sweep.ts';
import { keep, lost, silence } from './conclude.ts';
import { after, type Case, since, usable } from './signs.ts';
import { instant, lasting } from './words.ts';

/** What to conclude from a record alone, of a job that no backend can be asked about (DESIGN.md, section 7). */
export function byRecord(it: Case): Verdict {
  if (it.suspect.job.state === 'queued') return whileQueued(it);
  return it.suspect.beats ? byHeartbeat(it) : byAge(it);
}

function whileQueued(it: Case): Verdict {
  const { suspect, now, begunAt, heartbeatAt, stale } = it;
  const { maxQueuedMs } = suspect.limits;
  const queuedAt = begunAt ?? suspect.writtenAt;
  const waits = `it is queued since ${instant(queuedAt)}`;
  if (maxQueuedMs === null) return keep(it, 'queued', `${waits}, and may be for ever`);
  const brokenAt = after(queuedAt, maxQueuedMs);
  const allowed = `at most ${lasting(maxQueuedMs)} allowed`;
  const alive = heartbeatAt !== null && !stale;
  if (brokenAt >= now || alive) return keep(it, 'queued', `${waits}, ${allowed}`);
  const because = `${waits}, for ${lasting(since(queuedAt, now))}, ${allowed}; it was never handed to a backend`;
  return lost(it, { rule: 'max-queued', because, brokenAt, endedAt: null, doubtful: true });
}

function byHeartbeat(it: Case): Verdict {
  const { stale, staleAt, heartbeatAt, seenAt, now } = it;
  if (!stale) {
    const age = `the last sign of life is ${lasting(since(seenAt, now))} old`;
    return heartbeatAt
      ? keep(it, 'beating', age)
      : keep(it, 'not-beating-yet', `no usable heartbeat; ${age}`);
  }
  return lost(it, {
    rule: heartbeatAt ? 'silent' : 'no-heartbeat',
    because: `${silence(it)}; there is no backend to ask`,
    brokenAt: staleAt,
    endedAt: null,
    doubtful: true,
  });
}

/** Without heartbeats, only that it should long be over. */
function byAge(it: Case): Verdict {
  const { suspect, now, startedAt } = it;
  const { job, writtenAt, limits } = suspect;
  const [from, what] = startedAt
    ? [startedAt, 'it started']
    : job.createdAt && usable(job.createdAt, now)
      ? [job.createdAt, 'its start is not known, it was created']
      : [writtenAt, 'neither start nor creation is known, its record was written'];
  const limit = after(from, limits.maxRuntimeMs);
  const time = `${what} ${instant(from)}, ${lasting(since(from, now))} ago, at most ${lasting(limits.maxRuntimeMs)} allowed`;
  if (limit >= now) return keep(it, 'within-max-runtime', time);
  const because = `${time}; there is neither a heartbeat nor a backend that could tell more`;
  return lost(it, { rule: 'max-runtime', because, brokenAt: limit, endedAt: null, doubtful: true });
}
