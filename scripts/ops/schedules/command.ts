import type { Command } from 'commander';
import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { type ChangeOptions, pauseSchedule, resumeSchedule, runSchedule } from './change.ts';
import { openScheduler } from './open.ts';
import { scheduleRow } from './row.ts';
import { schedulesInWords } from './words.ts';

const HELP = `
The region is the one of NIGHTSHIFT_REGION unless --region names it; the running stack needs none.

Examples:
  npm run -s ops -- schedules
  npm run -s ops -- schedules run collect-metrics
  npm run -s ops -- schedules pause cleanup-artifacts`;

/** Adds `schedules`: the jobs of Cloud Scheduler beside what the catalogue declares, and what can be done with one. */
export function addSchedules(program: Command): void {
  const regional = (command: Command) =>
    command.option('--region <region>', 'where the jobs of Cloud Scheduler are');
  const schedules = regional(program.command('schedules'))
    .description('what Cloud Scheduler does beside what the catalogue declares; run, pause, resume')
    .option('--json', 'print the schedules as JSON')
    .addHelpText('after', HELP)
    .action(showSchedules);
  const change = (verb: string, description: string, action: typeof runSchedule) =>
    regional(schedules.command(verb))
      .description(description)
      .argument('<task>', 'a task of the catalogue')
      .option('--yes', 'write to a real project without asking')
      .action((task: string, options: ChangeOptions) => action(task, options));
  change('run', 'have Cloud Scheduler call the function of a task now', runSchedule);
  change('pause', 'have Cloud Scheduler call it no more', pauseSchedule);
  change('resume', 'have Cloud Scheduler call it at its slots again', resumeSchedule);
}

async function showSchedules({ region, json }: { region?: string; json?: true }): Promise<void> {
  const connection = await connect();
  const { scheduler, place, isStandIn } = openScheduler(connection, region);
  const live = new Map((await scheduler.list()).map((job) => [job.name, job]));
  const rows = Object.values(loadCatalog(connection.environment)).map((entry) =>
    scheduleRow(entry, live.get(entry.task), isStandIn),
  );
  if (json) printJson(rows);
  else print(...schedulesInWords(rows, place, connection.clock.now()));
}
