import type { Command } from 'commander';
import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { exitWith } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { type Check, examine } from '../shared/check.ts';
import { type Connection, connect } from '../shared/connect.ts';
import { placeOf } from '../shared/target.ts';
import { whileSaying } from '../shared/waiting.ts';
import { apiChecks } from './apis.ts';
import { bucketChecks } from './buckets.ts';
import { indexChecks } from './indexes.ts';
import { recordChecks } from './records.ts';
import { scheduleChecks } from './schedules.ts';
import { sourceChecks } from './sources.ts';
import { taskChecks } from './tasks.ts';
import { doctorInWords } from './words.ts';

const HELP = `
Everything is asked with your own credentials: what the functions may do, terraform says.
The region of Cloud Scheduler is the one of NIGHTSHIFT_REGION unless --region names it.
The exit code is 1 when anything is not fine; what nobody can tell counts as fine.`;

interface DoctorOptions {
  region?: string;
  json?: true;
}

/** Adds `doctor`: whether a deployment, or the local stack, has all that it needs. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check a deployment, or the running stack: what is not fine, and what to do')
    .option('--region <region>', 'where the jobs of Cloud Scheduler are')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .action(runDoctor);
}

async function runDoctor({ region, json }: DoctorOptions): Promise<void> {
  const connection = await connect();
  const found = await whileSaying('examining', examine(checksOf(connection, region)));
  const ok = found.every(({ state }) => state !== 'wrong');
  if (json) printJson({ ok, place: placeOf(connection.target), findings: found });
  else print(...doctorInWords(found, placeOf(connection.target)));
  if (!ok) exitWith(1);
}

function checksOf(connection: Connection, region: string | undefined): Check[] {
  const catalog = loadCatalog(connection.environment);
  return [
    ...recordChecks(connection),
    ...indexChecks(connection, catalog),
    ...scheduleChecks(connection, catalog, region),
    ...taskChecks(connection, catalog),
    ...sourceChecks(connection),
    ...apiChecks(connection),
    ...bucketChecks(connection),
  ];
}
