import type { TestContext } from 'node:test';
import { sourceSchema } from '../../functions/shared/model/job/source.ts';
import { startStatusEndpoint } from '../../scripts/stack/stand-ins/status-endpoint.ts';
import { MAPPING, type Setup, sweeper } from './sweeper.ts';

/**
 * Jobs of a source whose backend is an HTTP endpoint; `backend` holds what it says, by the backend's id. `reading` are further
 * settings of how it is read.
 */
export async function askedJobs(
  t: TestContext,
  over: Record<string, unknown> = {},
  setup: Setup = {},
  reading: Record<string, unknown> = {},
) {
  const backend = new Map<string, object>();
  const endpoint = await startStatusEndpoint(backend);
  t.after(() => endpoint.stop());
  const source = sourceSchema.parse({
    ...MAPPING,
    backend: {
      kind: 'http',
      url: endpoint.url,
      state: 'state',
      error: 'error',
      startedAt: 'startedAt',
      endedAt: 'endedAt',
      statuses: {
        waiting: 'queued',
        busy: 'running',
        done: 'completed',
        broken: 'failed',
        stopped: 'cancelled',
      },
      ...reading,
    },
    ...over,
  });
  const world = sweeper(t, { ...setup, sources: { jobs: source } });
  return {
    ...world,
    backend,
    faults: endpoint.faults,
    /** How often the backend was asked. */
    asked: () => endpoint.requests().length,
    /** The record of a job that began two hours ago and fell silent an hour ago. */
    silent: (backendId: string, over: Record<string, unknown> = {}) => ({
      status: 'running',
      backendId,
      startedAt: world.ago(120),
      heartbeatAt: world.ago(60),
      ...over,
    }),
  };
}
