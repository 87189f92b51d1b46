import { withDeadline } from '../../concurrency.ts';
import { DeadlineExceeded, messageOf, UpstreamError } from '../../errors.ts';
import type { ApiName } from '../../model/google-apis.ts';
import {
  settingsOf,
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
import { type WandbOptions, wandbApi } from './wandb-api.ts';
import { type WandbRuns, wandbRuns } from './wandb-runs.ts';
import { openActive, openCompleted } from './wandb-table.ts';

/** How each table is opened, and through which API of Google's; a table without a line here does not compile. */
const OPEN: { [Table in TableName]: Opener<Table> } = {
  builds: { api: 'cloudbuild', open: (_, tools) => openBuilds(tools) },
  runner: { api: 'run', open: openExecutions },
  completed: { api: null, open: openCompleted },
  active: { api: null, open: openActive },
  vertex: { api: 'aiplatform', open: (_, tools) => openCustomJobs(tools) },
};
type Opener<Table extends TableName> =
  | { api: ApiName; open(settings: TableSettings<Table>, tools: ReaderTools): TableReader }
  /** Of W&B, which needs no token of Google's. */
  | { api: null; open(settings: TableSettings<Table>, runs: WandbRuns): TableReader };

/** Two tries inside the time of a region. */
const TRIES: Partial<RetryPolicy> = { attempts: 2, attemptMs: 5_000 };

/** The tables that the settings name. */
export type TableReaders = ReadonlyMap<TableName, TableReader>;

/** What the platforms are asked through. */
export interface Workloads {
  /**
   * Opens the tables of Google's for one refresh, with one token for all of its calls: a token that does not come must not
   * hold up each of them. Rejects with UpstreamError, or with DeadlineExceeded after `limitMs`.
   */
  open(limitMs: number, signal: AbortSignal): Promise<TableReaders>;

  /** Opens those for which no token is needed. */
  openOthers(): TableReaders;
}

export interface WorkloadOptions {
  apiOf(api: ApiName, where: { googleProject?: string | undefined }): ApiOptions;
  /** How W&B is asked; it is not, unless the settings name it. */
  wandb: Omit<WandbOptions, 'retry'>;
  /** In place of Google's default credentials, and of the tries. */
  authorize?: Authorize;
  retry?: Partial<RetryPolicy>;
}

/** Opens nothing yet. Throws InvalidConfiguration where an address or a key is missing, so that the function stops at its start. */
export function workloads(settings: WorkloadSettings, given: WorkloadOptions): Workloads {
  const tables = tablesOf(settings);
  const retry = { ...TRIES, ...given.retry };
  const apis = tables.flatMap((table): ApiName[] => {
    const { api } = OPEN[table];
    return api ? [api, 'logging'] : [];
  });
  const addresses = apis.map((api) => given.apiOf(api, {}).baseUrl);
  const wandb = settings.wandb && wandbApi(settings.wandb, { ...given.wandb, retry });
  // Nothing is authorised where only stand-ins of this machine are asked.
  const asksGoogle = addresses.some((address) => address === undefined || address.startsWith('https:'));
  const authorize = given.authorize ?? (asksGoogle ? googleCredentials : async () => new Headers());

  return {
    async open(limitMs, signal) {
      if (apis.length === 0) return new Map();
      const headers = await token(authorize, limitMs, signal);
      return opened((table) => openGoogle(table, async () => headers));
    },
    openOthers() {
      if (!wandb) return new Map();
      const runs = wandbRuns(wandb);
      return opened((table) => openOther(table, runs));
    },
  };

  function opened(open: (table: TableName) => TableReader | null): TableReaders {
    return new Map(
      tables.flatMap((table) => {
        const reader = open(table);
        return reader ? [[table, reader] as const] : [];
      }),
    );
  }

  function openGoogle<Table extends TableName>(table: Table, authorised: Authorize): TableReader | null {
    const opener: Opener<Table> = OPEN[table];
    if (!opener.api) return null;
    const own = settingsOf(table, settings);
    const optionsOf = (api: ApiName): ApiOptions => {
      const options = given.apiOf(api, 'googleProject' in own ? own : {});
      const isLocal = options.baseUrl?.startsWith('http:') ?? false;
      return { ...options, retry, ...(!isLocal || given.authorize ? { authorize: authorised } : {}) };
    };
    return opener.open(own, { options: optionsOf(opener.api), logs: logReader(optionsOf('logging')) });
  }

  function openOther<Table extends TableName>(table: Table, runs: WandbRuns): TableReader | null {
    const opener: Opener<Table> = OPEN[table];
    return opener.api ? null : opener.open(settingsOf(table, settings), runs);
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
