import type { Command } from 'commander';
import { type CatalogEntry, loadCatalog, nextSlot } from '../../../functions/shared/catalog.ts';
import { exitWith } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { worstFirst } from '../alarms/alarm-words.ts';
import { connect, SILENT, uncounted } from '../shared/connect.ts';
import { taskRow } from '../tasks/command.ts';
import { healthInWords } from './health-words.ts';
import { healthReport } from './report.ts';

const SWEEP = 'sweep-stale-jobs';

/** Adds `health`: how the jobs, the tasks and the alarms stand, for a person and for a script. */
export function addHealth(program: Command): void {
  program
    .command('health')
    .description('how jobs, tasks and alarms stand; the first line says what is wrong')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      '\nThe exit code is 1 when a task is stuck, failing or late, an alarm is open, a job is stale,\nor no sweep has looked at the jobs lately; 0 when nothing is wrong.',
    )
    .action(showHealth);
}

async function showHealth({ json }: { json?: true }): Promise<void> {
  const { environment, settings, collections, ask, clock } = await connect();
  const { healthStore } = await import('../../../functions/shared/store/own/health.ts');
  const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
  const { jobHealthStore } = await import('../../../functions/shared/store/own/job-health.ts');
  const [healthByTask, alarms, blocks] = await Promise.all([
    ask('reading the tasks', healthStore(collections).all()),
    ask('reading the alarms', alarmStore(collections, SILENT).open(uncounted())),
    ask('reading how the jobs stand', jobHealthStore(collections).all()),
  ]);
  const now = clock.now();
  const catalog = loadCatalog(environment);
  const report = healthReport({
    tasks: Object.values(catalog).map((entry) => taskRow(entry, healthByTask.get(entry.task), now)),
    alarms: worstFirst(alarms),
    blocks: new Map(
      Object.keys(settings.sources).map((name) => [name, blocks.find(({ source }) => source === name)]),
    ),
    sweepEveryMs: everyMs(catalog[SWEEP], now),
    now,
  });
  if (json) printJson(report);
  else print(...healthInWords(report, now));
  if (!report.ok) exitWith(1);
}

/** From one slot of a task to the next; `null` where it has none. */
function everyMs(entry: CatalogEntry | undefined, now: Date): number | null {
  if (!entry?.enabled) return null;
  const next = nextSlot(entry, now);
  return nextSlot(entry, next).getTime() - next.getTime();
}
