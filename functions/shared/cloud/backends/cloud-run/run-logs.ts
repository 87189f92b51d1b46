import type { Entry, Logging, LoggingOptions } from '@google-cloud/logging';
import { withDeadline } from '../../../concurrency.ts';
import { DeadlineExceeded, messageOf, UpstreamError } from '../../../errors.ts';
import { plain } from '../../rest/google-error.ts';
import type { ApiOptions, Limits } from '../../rest/rest.ts';

/** What executions of Cloud Run jobs log, from Cloud Logging (https://docs.cloud.google.com/run/docs/logging). */

/** An execution whose log is read. */
export interface LoggedExecution {
  project: string;
  region: string;
  job: string;
  id: string;
  /** Earlier entries are not read. */
  since: Date;
}

const MOST_LINES = 5;

export interface RunLogs {
  /**
   * Returns the newest errors in the log of an execution, oldest first, each as it was written: with line ends, and perhaps
   * with credentials. Rejects with UpstreamError, with DeadlineExceeded, or with the reason of the signal.
   */
  errorsOf(execution: LoggedExecution, limits: Limits): Promise<string[]>;
}

/** Throws a TypeError for an address with a path: Google's client takes none. */
export function runLogs({ project, baseUrl, log }: Pick<ApiOptions, 'project' | 'baseUrl' | 'log'>): RunLogs {
  const address = baseUrl === undefined ? undefined : new URL(baseUrl);
  if (address && address.pathname !== '/')
    throw new TypeError(
      `Cannot use "${baseUrl}" as the address of Cloud Logging: it has to be without a path`,
    );
  let client: Promise<Logging> | undefined;

  return {
    async errorsOf(execution, { limitMs, signal }) {
      const where = `Cloud Logging entries.list of ${execution.id} (project ${execution.project})`;
      const begun = performance.now();
      let status = 'failed';
      try {
        signal?.throwIfAborted();
        // Loaded only now: a function that meets no failed execution pays nothing for it at its cold start.
        client ??= openClient(project, address);
        const asked = client.then((logging) => logging.getEntries(queryOf(execution, limitMs)));
        const [newest] = await withDeadline(asked, limitMs, where, { signal });
        status = 'answered';
        return newest.slice(0, MOST_LINES).map(textOf).filter(Boolean).reverse();
      } catch (error) {
        if (signal?.aborted) {
          status = 'aborted';
          throw signal.reason;
        }
        if (error instanceof DeadlineExceeded) throw error;
        // Not as its cause: what the library throws holds the request, and with it perhaps a token.
        const why = plain(messageOf(error));
        throw new UpstreamError(`Cannot finish ${where}: ${why}`, { retryable: false });
      } finally {
        const ms = Math.round(performance.now() - begun);
        const line = {
          api: 'Cloud Logging',
          operation: 'entries.list',
          project: execution.project,
          ms,
          status,
        };
        log[status === 'failed' ? 'warning' : 'debug']('Cloud Logging: entries.list', line);
      }
    },
  };
}

function queryOf({ project, region, job, id, since }: LoggedExecution, limitMs: number) {
  const terms = [
    'resource.type="cloud_run_job"',
    `resource.labels.location="${region}"`,
    `resource.labels.job_name="${job}"`,
    `labels."run.googleapis.com/execution_name"="${id}"`,
    'severity>=ERROR',
    // Without a timestamp in the filter, the client adds one of a day ago.
    `timestamp>="${since.toISOString()}"`,
    // Entries of audit logs are not the job's own, and the client cannot decode their payload.
    'NOT logName:"cloudaudit.googleapis.com"',
  ];
  return {
    resourceNames: [`projects/${project}`],
    filter: terms.join(' AND '),
    orderBy: 'timestamp desc',
    pageSize: MOST_LINES,
    autoPaginate: false,
    // Without it, the client would go on trying for a minute after the deadline.
    gaxOptions: { timeout: Math.ceil(limitMs), retry: null },
  };
}

/** The text of an entry, or the message of one that is an object. */
function textOf({ data }: Entry): string {
  if (typeof data === 'string') return data;
  const message: unknown = data?.message;
  return typeof message === 'string' ? message : JSON.stringify(data ?? '');
}

async function openClient(projectId: string, address: URL | undefined): Promise<Logging> {
  const [{ Logging }, { PassThroughClient }] = await Promise.all([
    import('@google-cloud/logging'),
    import('google-auth-library'),
  ]);
  // Over REST: gRPC would take its time to start, and keep the process alive. The client's type lacks some options that it takes.
  const options: LoggingOptions & { fallback: boolean; protocol?: string } = { projectId, fallback: true };
  if (address) {
    options.protocol = address.protocol.slice(0, -1);
    options.apiEndpoint = address.hostname;
    options.port = Number(address.port) || (address.protocol === 'http:' ? 80 : 443);
    if (address.protocol === 'http:') options.authClient = new PassThroughClient();
  }
  return new Logging(options);
}
