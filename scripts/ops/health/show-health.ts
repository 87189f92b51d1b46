import { type CatalogEntry, loadCatalog, nextSlot } from '../../../functions/shared/catalog.ts';
import {
  type HealthReport,
  healthReport,
  type Known,
} from '../../../functions/shared/model/run/health-report.ts';
import { timesUntil } from '../../../functions/shared/model/run/health-state.ts';
import { exitWith } from '../../shared/shell.ts';
import { relative } from '../../words/figures.ts';
import { printJson } from '../../words/terminal.ts';
import { type Connection, connect, SILENT, uncounted } from '../shared/connect.ts';
import { EXIT } from '../shared/problem.ts';
import { showOrWatch, type WatchOptions } from '../shared/watching.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import { healthInWords } from './health-words.ts';

const SWEEP = 'sweep-stale-jobs';

/** Shows the report; the exit code says whether anything is wrong. */
export async function showHealth(options: WatchOptions): Promise<void> {
  const connection = await connect();
  if (options.json && !options.watch) {
    const report = await readReport(connection);
    printJson(report);
    if (!report.ok) exitWith(EXIT.wrong);
    return;
  }
  await showOrWatch(options, async () => {
    const report = await readReport(connection);
    if (!report.ok) exitWith(EXIT.wrong);
    return healthInWords(report, connection.clock.now());
  });
}

async function readReport(connection: Connection): Promise<HealthReport> {
  const { environment, settings, collections, ask, clock } = connection;
  const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
  const { jobHealthStore } = await import('../../../functions/shared/store/own/job-health.ts');
  const [tasks, alarms, blocks] = await Promise.all([
    readTasks(connection),
    ask('reading the alarms', alarmStore(collections, SILENT).open(uncounted())),
    ask('reading how the jobs stand', jobHealthStore(collections).all()),
  ]);
  const now = clock.now();
  const known: Known = {
    tasks,
    alarms,
    blocks: new Map(
      Object.keys(settings.sources).map((name) => [name, blocks.find(({ source }) => source === name)]),
    ),
    sweepEveryMs: everyMs(loadCatalog(environment)[SWEEP], now),
    now,
  };
  return healthReport(known, { ...timesUntil(now), at: (instant) => relative(instant, now) });
}

/** From one slot of a task to the next; `null` where it has none. */
function everyMs(entry: CatalogEntry | undefined, now: Date): number | null {
  if (!entry?.enabled) return null;
  const next = nextSlot(entry, now);
  return nextSlot(entry, next).getTime() - next.getTime();
}
