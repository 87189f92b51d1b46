import type { Command } from 'commander';
import type { OpsCommand } from './command.ts';

/** Adds a command to `parent`: its own options, those of what it reaches and prints, and its subcommands. */
export function addCommand(parent: Command, definition: OpsCommand): void {
  const { name, description, reach, prints, watches, define, help, load, subcommands = [] } = definition;
  const command = parent.command(name).description(description);
  define?.(command);
  if (reach === 'writes') command.option('--yes', 'write to a real project without asking');
  if (watches) command.option('--watch', 'show it again every 5 s, until Ctrl-C');
  if (prints === 'records') command.option('--json', 'print it as JSON, for programs');
  if (reach !== 'local')
    command
      .option('--project <project>', 'the Google Cloud project to look at, in place of GOOGLE_CLOUD_PROJECT')
      .option('--region <region>', 'where its functions and jobs are, in place of NIGHTSHIFT_REGION');
  if (help !== undefined) command.addHelpText('after', help);
  if (load) command.action(async (...args) => (await load())(...(args as never[])));
  // What stands behind a subcommand's name is the subcommand's.
  if (subcommands.length > 0) command.enablePositionalOptions();
  for (const subcommand of subcommands) addCommand(command, subcommand);
}
