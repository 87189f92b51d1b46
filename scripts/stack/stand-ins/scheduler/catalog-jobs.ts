import type { Catalog, CatalogEntry } from '../../../../functions/shared/catalog.ts';
import { ask } from '../../../shared/ask.ts';

/** Where the stack's jobs are. */
export const LOCATION = 'us-central1';

/** The Cloud Scheduler job of a task, as it is deployed: its function is at `uri`. */
function jobOf({ task, description, schedule, attemptDeadlineSeconds, retry }: CatalogEntry, uri: string) {
  return {
    description,
    schedule,
    timeZone: 'Etc/UTC',
    attemptDeadline: `${attemptDeadlineSeconds}s`,
    retryConfig: {
      retryCount: retry.count,
      minBackoffDuration: `${retry.minBackoffSeconds}s`,
      maxBackoffDuration: `${retry.maxBackoffSeconds}s`,
      maxDoublings: retry.maxDoublings,
    },
    httpTarget: {
      uri: `${uri}/${task}`,
      httpMethod: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: Buffer.from('{}').toString('base64'),
    },
  };
}

export interface SchedulerJobs {
  /** Makes the job of every task, paused where the catalogue disables it. */
  create(catalog: Catalog, gatewayUrl: string): Promise<void>;

  /** Runs the job of a task by hand. */
  run(task: string): Promise<void>;
}

/** The jobs of one project in the Cloud Scheduler at `baseUrl`, asked without credentials. */
export function schedulerJobs(baseUrl: string, project: string): SchedulerJobs {
  const jobs = `projects/${project}/locations/${LOCATION}/jobs`;
  const post = async (path: string, body: object = {}) => {
    const { status, text } = await ask(`${baseUrl}/v1/${path}`, { body: JSON.stringify(body) });
    if (status !== 200) throw new Error(`Cannot POST ${path} to the Cloud Scheduler stand-in: ${text}`);
  };
  return {
    async create(catalog, gatewayUrl) {
      for (const entry of Object.values(catalog)) {
        await post(jobs, { name: `${jobs}/${entry.task}`, ...jobOf(entry, gatewayUrl) });
        if (!entry.enabled) await post(`${jobs}/${entry.task}:pause`);
      }
    },
    run: (task) => post(`${jobs}/${task}:run`),
  };
}
