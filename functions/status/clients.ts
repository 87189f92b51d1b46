import { expectationOf, loadCatalog, nextSlot } from '../shared/catalog.ts';
import type { Clock } from '../shared/clock.ts';
import type { Backend, BackendTools } from '../shared/cloud/backends/backend.ts';
import { openBackend } from '../shared/cloud/backends/open-backend.ts';
import { observer } from '../shared/cloud/observer.ts';
import { MINUTE_MS } from '../shared/dates.ts';
import { readVariable } from '../shared/environment.ts';
import { messageOf } from '../shared/errors.ts';
import type { BackendSettings } from '../shared/model/job/backend.ts';
import { tablesOf } from '../shared/model/workload/tables.ts';
import type { startService } from '../shared/start.ts';
import type { Tally } from '../shared/store/firestore/read-options.ts';
import { reportChannelStore } from '../shared/store/own/report-channels.ts';
import { statusRecords } from '../shared/store/own/status-records.ts';
import { sweepCheckpointStore } from '../shared/store/own/sweep-checkpoints.ts';
import { workloadRecords } from '../shared/store/own/workload-records.ts';
import { activeJobStore } from '../shared/store/sources/active-jobs.ts';
import { lookAtChannel } from '../shared/truth/channel.ts';
import { keep, keepers } from './cache/keep.ts';
import { keptBackend, unaskable } from './cache/kept-backend.ts';
import type { StatusTools } from './read/answers.ts';
import type { StatusSource } from './read/judged.ts';
import type { RefreshedBy } from './read/refreshing.ts';
import type { Duty } from './rules/task-answer.ts';

type Opened = Pick<
  ReturnType<typeof startService>,
  'environment' | 'settings' | 'db' | 'databaseOf' | 'apiOf' | 'collections' | 'log'
> & { clock: Clock };

const SWEEP = 'sweep-stale-jobs';
const OBSERVER = 'observe-workloads';
/** What the sweep remembers changes with each sweep, and is large where many jobs are suspects. */
const CHECKPOINT_LIFE_MS = 10 * MINUTE_MS;
/** That of the last sweep, and of the one before while a page is put together. */
const CHECKPOINTS = 2;
/** Whether reports arrive matters by the minute. */
const CHANNEL_LIFE_MS = 30_000;
const LIMIT_MS = 4_000;

/** Opens what the status is made from; `tally` counts every document that is read. */
export function openStatus(opened: Opened, tally: Tally): StatusTools {
  const { environment, settings, collections, clock, log } = opened;
  return {
    records: statusRecords(collections, log),
    sources: openSources(opened, tally),
    workloads: {
      records: workloadRecords(collections, log),
      tables: tablesOf(settings.workloads),
      refreshedBy: refresherOf(opened),
    },
    duties: dutiesOf(opened),
    platform: {
      instance: environment.K_REVISION ?? 'local',
      deployment: {
        project: environment.GOOGLE_CLOUD_PROJECT,
        region: environment.NIGHTSHIFT_REGION ?? null,
        service: environment.K_SERVICE ?? null,
        revision: environment.K_REVISION ?? null,
      },
      sources: Object.entries(settings.sources).map(([source, { mode }]) => ({ source, mode })),
    },
    clock,
    tally,
  };
}

/** Who refreshes the workload tables for viewers. An address that is not safe to ask is told, for the rest is shown without. */
function refresherOf({ environment, log }: Opened): RefreshedBy {
  const entry = loadCatalog(environment)[OBSERVER];
  if (!entry?.enabled) return { nobody: `${OBSERVER} is not enabled in the catalogue` };
  const url = environment.NIGHTSHIFT_OBSERVER_URL;
  if (url === undefined)
    return { nobody: `the service does not know where ${OBSERVER} is: NIGHTSHIFT_OBSERVER_URL is not set` };
  try {
    return { observer: observer(url, { log }) };
  } catch (error) {
    return { nobody: messageOf(error) };
  }
}

function openSources(opened: Opened, tally: Tally): StatusSource[] {
  const { settings, db, databaseOf, apiOf, collections, clock, log } = opened;
  const checkpoints = sweepCheckpointStore(collections, log);
  const channels = reportChannelStore(collections, log);
  const tools = { apiOf, variable: readVariable, log };
  return Object.entries(settings.sources).map(([name, source]) => {
    const home = { db: databaseOf(source), ours: databaseOf(source) === db };
    const store = activeJobStore(name, source, home, log);
    return {
      store,
      backend: source.backend ? viewedBackend(source.backend, tools, clock) : null,
      checkpoint: keepers(CHECKPOINTS, () =>
        keep({
          lifeMs: () => CHECKPOINT_LIFE_MS,
          read: (_, cost) => checkpoints.load(name, { tally: cost, signal: AbortSignal.timeout(LIMIT_MS) }),
          clock,
          tally,
        }),
      ),
      channel: source.reports
        ? keep({
            lifeMs: () => CHANNEL_LIFE_MS,
            read: (_, cost) => {
              const options = { tally: cost, signal: AbortSignal.timeout(LIMIT_MS) };
              return lookAtChannel(store, channels, clock.now(), options);
            },
            clock,
            tally,
          })
        : null,
    };
  });
}

function viewedBackend(settings: BackendSettings, tools: BackendTools, clock: Clock): Backend {
  try {
    return keptBackend(openBackend(settings, tools), clock);
  } catch (error) {
    return unaskable(settings.kind, messageOf(error), clock);
  }
}

function dutiesOf({ environment }: Opened): StatusTools['duties'] {
  const entries = Object.values(loadCatalog(environment));
  const nowhere = { service: null, revision: null, region: null };
  return (now) => {
    const duties = entries.map((entry): Duty => {
      const { deployment: _, ...expectation } = expectationOf(entry, nowhere);
      const { task, description } = entry;
      return { task, description, ...expectation, nextSlot: nextSlot(entry, now) };
    });
    const sweep = entries.find(({ task, enabled }) => task === SWEEP && enabled);
    const first = sweep && nextSlot(sweep, now);
    const sweepEveryMs = sweep && first ? nextSlot(sweep, first).getTime() - first.getTime() : null;
    return { duties, sweepEveryMs };
  };
}
