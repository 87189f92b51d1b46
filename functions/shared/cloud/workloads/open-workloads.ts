import { withDeadline } from '../../concurrency.ts';
import { DeadlineExceeded, messageOf, UpstreamError } from '../../errors.ts';
import type { ApiName } from '../../model/google-apis.ts';
import {
  type TableName,
  type TableSettings,
  tablesOf,
  type WorkloadSettings,
} from '../../model/workload/tables.ts';
import { type Authorize, googleCredentials } from '../rest/credentials.ts';
import { plain } from '../rest/google-error.ts';
import type { ApiOptions } from '../rest/rest.ts';
import type { RetryPolicy } from '../rest/retry.ts';
import { openBuilds } from './builds.ts';
import { openCustomJobs } from './custom-jobs.ts';
import { openExecutions } from './executions.ts';
import { logReader } from './log-lines.ts';
import type { ReaderTools } from './reader-tools.ts';
import type { TableReader } from './table-reader.ts';

/** How each table is opened, and through which API; a table without a line here does not compile. */
const OPEN: { [Table in TableName]: { api: ApiName; open: OpenTable<Table> } } = {
  builds: { api: 'cloudbuild', open: (_, tools) => openBuilds(tools) },
  runner: { api: 'run', open: openExecutions },
  vertex: { api: 'aiplatform', open: (_, tools) => openCustomJobs(tools) },
};
type OpenTable<Table extends TableName> = (settings: TableSettings<Table>, tools: ReaderTools) => TableReader;

/** Two tries inside the time of a region. */
const TRIES: Partial<RetryPolicy> = { attempts: 2, attemptMs: 5_000 };

/** The tables that the settings name. */
export type TableReaders = ReadonlyMap<TableName, TableReader>;

/** What the platform is asked through. */
export interface Workloads {
  /**
   * Opens the tables for one refresh, with one token for all of its calls: a token that does not come must not hold up each
   * of them. Rejects with UpstreamError, or with DeadlineExceeded after `limitMs`.
   */
  open(limitMs: number, signal: AbortSignal): Promise<TableReaders>;
}

export interface WorkloadOptions {
  apiOf(api: ApiName, where: { googleProject?: string | undefined }): ApiOptions;
  /** In place of Google's default credentials, and of the tries. */
  authorize?: Authorize;
  retry?: Partial<RetryPolicy>;
}

export function workloads(settings: WorkloadSettings, given: WorkloadOptions): Workloads {
  const tables = tablesOf(settings);
  const retry = { ...TRIES, ...given.retry };
  // Looked up now, so that an address that is missing stops the function at its start.
  const apis = tables.flatMap((table): ApiName[] => [OPEN[table].api, 'logging']);
  const addresses = apis.map((api) => given.apiOf(api, {}).baseUrl);
  // Nothing is authorised where only stand-ins of this machine are asked.
  const asksGoogle = addresses.some((address) => address === undefined || address.startsWith('https:'));
  const authorize = given.authorize ?? (asksGoogle ? googleCredentials : async () => new Headers());

  return {
    async open(limitMs, signal) {
      const headers = await token(authorize, limitMs, signal);
      return new Map(tables.map((table) => [table, openTable(table, async () => headers)]));
    },
  };

  function openTable<Table extends TableName>(table: Table, authorised: Authorize): TableReader {
    const own = settings[table] as TableSettings<Table>;
    const optionsOf = (api: ApiName): ApiOptions => {
      const options = given.apiOf(api, own);
      const isLocal = options.baseUrl?.startsWith('http:') ?? false;
      return { ...options, retry, ...(!isLocal || given.authorize ? { authorize: authorised } : {}) };
    };
    const { api, open } = OPEN[table];
    return open(own, { options: optionsOf(api), logs: logReader(optionsOf('logging')) });
  }
}

async function token(authorize: Authorize, limitMs: number, signal: AbortSignal): Promise<Headers> {
  try {
    return await withDeadline(authorize(), limitMs, 'the access token', { signal });
  } catch (error) {
    if (error instanceof DeadlineExceeded || signal.aborted) throw error;
    // Not as its cause: what the library throws holds the request, and with it perhaps a key.
    throw new UpstreamError(`Cannot get an access token: ${plain(messageOf(error))}`, { retryable: false });
  }
}
