import { addMs, SECOND_MS } from '../shared/dates.ts';
import type { Beside, BesideAnswer } from '../shared/http/serve.ts';
import type { Watched } from '../shared/model/workload/watched.ts';
import { watchInput } from './input.ts';
import { type RefreshTools, refresh } from './refresh/refresh.ts';
import { problemsOf } from './summary.ts';

/**
 * A refresh for somebody who looks: no run, no lease of the task, no health. However many look and whoever else refreshes, at
 * most one is made at a time, and one in `limits.apartMs`.
 */
export function watching(tools: RefreshTools, now: () => Date): Beside {
  return { key: 'watch', input: watchInput, answer: (signal) => watch(tools, now, signal) };
}

async function watch(tools: RefreshTools, now: () => Date, signal: AbortSignal): Promise<BesideAnswer> {
  const startedAt = now();
  const done = await refresh({ by: 'viewer', now, signal }, tools);
  if ('until' in done) {
    const told = watched(done.isUnderWay ? 'under-way' : 'too-soon', done, done.until);
    const waitMs = done.until.getTime() - now().getTime();
    return { status: 409, body: told, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / SECOND_MS)) };
  }
  const told = watched('refreshed', { by: 'viewer', startedAt }, addMs(startedAt, tools.limits.apartMs));
  return { status: 200, body: { ...told, problems: problemsOf(done) } };
}

function watched(
  did: Watched['did'],
  { by, startedAt }: { by: Watched['by']; startedAt: Date },
  againAt: Date,
): Watched {
  return { did, by, startedAt: startedAt.toISOString(), againAt: againAt.toISOString() };
}
