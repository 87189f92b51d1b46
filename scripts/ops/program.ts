import { Command, CommanderError } from 'commander';
import { InvalidConfiguration } from '../../functions/shared/errors.ts';
import { exitWith, runIn, type Shell, shell } from '../shared/shell.ts';
import { paintError, terminalWidth, wantsColor } from '../words/terminal.ts';
import { addAlarms } from './alarms/command.ts';
import { addBackfill } from './backfill/command.ts';
import { addCleanup } from './cleanup/command.ts';
import { addDays } from './days/command.ts';
import { addDoctor } from './doctor/command.ts';
import { addHealth } from './health/command.ts';
import { addImport } from './import/command.ts';
import { addJobs } from './jobs/command.ts';
import { addRun } from './run/command.ts';
import { addRuns } from './runs/command.ts';
import { addSchedules } from './schedules/command.ts';
import { OpsProblem } from './shared/problem.ts';
import { refuseSwallowed } from './shared/swallowed.ts';
import { addSources } from './sources/command.ts';
import { addSweep } from './sweep/command.ts';
import { addTasks } from './tasks/command.ts';
import { addWhy } from './why/command.ts';

const EXAMPLES = `
Examples:
  npm run -s ops -- health
  npm run -s ops -- doctor
  npm run -s ops -- tasks
  npm run -s ops -- schedules
  npm run -s ops -- run collect-metrics --date 2026-01-31
  npm run -s ops -- runs collect-metrics --outcome failed --json
  npm run -s ops -- days 2026-01-31
  npm run -s ops -- jobs --stale
  npm run -s ops -- why JOB
  npm run -s ops -- sweep --dry-run
  npm run -s ops -- cleanup plan
  npm run -s ops -- backfill --from 2026-01-01

npx nightshift-ops is the same, and needs no --. The running stack answers, or the emulator of
FIRESTORE_EMULATOR_HOST; a real project does when GOOGLE_CLOUD_PROJECT names it and no stack runs.
What a command acts on is named before it does.`;

/** The whole command line; every command sits in a file of its own. */
export function opsProgram(): Command {
  const program = new Command('ops')
    .description('See what the tasks did, start them, and look after the records.')
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => shell().stdout.write(text),
      writeErr: (text) => shell().stderr.write(text),
      getOutHelpWidth: () => terminalWidth(shell().stdout) ?? 80,
      getErrHelpWidth: () => terminalWidth(shell().stderr) ?? 80,
      getOutHasColors: () => wantsColor(shell().stdout, shell().env),
      getErrHasColors: () => wantsColor(shell().stderr, shell().env),
      outputError: (text, write) => write(paintError.red(text)),
    })
    .configureHelp({ styleTitle: (title) => paintError.bold(title) })
    .exitOverride();
  const health = [addHealth, addAlarms, addTasks, addRun, addRuns, addSchedules, addDoctor];
  const records = [addJobs, addWhy, addSweep, addDays, addCleanup, addBackfill, addSources, addImport];
  for (const add of [...health, ...records]) add(program);
  return program;
}

/** The exit code of `error`, which is told in one line when it was to be expected, and with its stack otherwise. */
function tell(error: unknown): number {
  // Commander has told its errors itself; only help and version that were asked for are none.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof OpsProblem || error instanceof InvalidConfiguration) {
    shell().stderr.write(`${paintError.red(error.message)}\n`);
    return error instanceof OpsProblem ? error.exitCode : 1;
  }
  shell().stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}

/**
 * Runs the command line that `args` are, what was typed behind `ops`; resolves with its exit code. It writes, reads, and is
 * asked to stop through `given` alone.
 */
export function runOps(args: readonly string[], given: Shell): Promise<number> {
  return runIn(given, async () => {
    try {
      const program = opsProgram();
      refuseSwallowed(program, args, given.env);
      await program.parseAsync(args, { from: 'user' });
    } catch (error) {
      exitWith(tell(error));
    }
  });
}
