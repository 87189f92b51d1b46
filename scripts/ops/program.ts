import { Command, CommanderError } from 'commander';
import { InvalidConfiguration } from '../../functions/shared/errors.ts';
import { type ChosenPlace, choosePlace, exitWith, runIn, type Shell, shell } from '../shared/shell.ts';
import { paintError, terminalWidth, wantsColor } from '../words/terminal.ts';
import { alarms } from './alarms/command.ts';
import { backfill } from './backfill/command.ts';
import { cleanup } from './cleanup/command.ts';
import { completion } from './completion/command.ts';
import { days } from './days/command.ts';
import { doctor } from './doctor/command.ts';
import { exportRecords } from './export/command.ts';
import { health } from './health/command.ts';
import { importJobs } from './import/command.ts';
import { jobs } from './jobs/command.ts';
import { page } from './page/command.ts';
import { reason } from './reason/command.ts';
import { report } from './report/command.ts';
import { run } from './run/command.ts';
import { runs } from './runs/command.ts';
import { schedules } from './schedules/command.ts';
import { settings } from './settings/command.ts';
import { addCommand } from './shared/add-command.ts';
import type { OpsCommand } from './shared/command.ts';
import { EXIT, type ExitCode, OpsProblem } from './shared/problem.ts';
import { refuseSwallowed } from './shared/swallowed.ts';
import { sources } from './sources/command.ts';
import { sweep } from './sweep/command.ts';
import { tasks } from './tasks/command.ts';
import { version } from './version.ts';
import { watch } from './watch/command.ts';
import { why } from './why/command.ts';
import { workloads } from './workloads/command.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly OpsCommand[] = [
  health,
  page,
  watch,
  alarms,
  tasks,
  run,
  runs,
  schedules,
  doctor,
  jobs,
  why,
  workloads,
  reason,
  sweep,
  days,
  exportRecords,
  cleanup,
  backfill,
  sources,
  settings,
  report,
  importJobs,
  completion,
];

const EXAMPLES = `
Examples:
  npm run -s ops -- health
  npm run -s ops -- page
  npm run -s ops -- watch
  npm run -s ops -- doctor
  npm run -s ops -- tasks
  npm run -s ops -- schedules
  npm run -s ops -- run collect-metrics --date 2026-01-31
  npm run -s ops -- runs collect-metrics --outcome failed --json
  npm run -s ops -- days 2026-01-31
  npm run -s ops -- jobs --stale
  npm run -s ops -- why JOB
  npm run -s ops -- workloads
  npm run -s ops -- sweep --dry-run
  npm run -s ops -- cleanup plan
  npm run -s ops -- backfill --from 2026-01-01

npx nightshift-ops is the same, and needs no --. The running stack answers, or the emulator of
FIRESTORE_EMULATOR_HOST; a real project does when --project or GOOGLE_CLOUD_PROJECT names it.
What a command acts on is named before it does.

The exit code is 0 when all is fine, 1 when something is wrong, 2 when the command was typed wrong,
3 when what it asks gave no answer. Times are UTC.`;

/** The whole command line; every command is the folder of its name. */
export function opsProgram(): Command {
  const program = new Command('ops')
    .description('See what the tasks did, start them, and look after the records.')
    .version(version(), '--version', 'print the version')
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
    .exitOverride()
    .hook('preAction', (_, command) => {
      const { project, region } = command.optsWithGlobals<ChosenPlace>();
      choosePlace({ ...(project !== undefined && { project }), ...(region !== undefined && { region }) });
    });
  for (const command of COMMANDS) addCommand(program, command);
  return program;
}

/** Prints an error, in one line when it was to be expected and with its stack otherwise; returns the exit code. */
function tellOf(error: unknown): ExitCode {
  // Commander has printed its own errors; only help and version that were asked for are none.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  if (error instanceof OpsProblem || error instanceof InvalidConfiguration) {
    shell().stderr.write(`${paintError.red(error.message)}\n`);
    return error instanceof OpsProblem ? error.exitCode : EXIT.unreachable;
  }
  shell().stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.unreachable;
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
      exitWith(tellOf(error));
    }
  });
}
