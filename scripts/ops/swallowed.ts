import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { usage } from './problem.ts';

/**
 * `npm run ops sweep --dry-run` lacks the `--` behind which npm leaves everything alone: npm takes the flag for its own,
 * tells it in the environment, and starts `ops sweep`, which would end jobs in earnest.
 */

const PREFIX = 'npm_config_';

/** Throws where npm took a flag of ours, of whatever command: what is missing may be the flag that keeps from harm. */
export function refuseSwallowed(
  program: Command,
  args: readonly string[],
  variables: NodeJS.ProcessEnv = process.env,
): void {
  const command = commandOf(program, args);
  const swallowed = swallowedOf(program, command, args, variables);
  if (swallowed.length === 0) return;
  const flags = swallowed.map(({ long }) => long).join(', ');
  const set = swallowed.map((option) => `${PREFIX}${keyOf(option)}`).join(', ');
  // npm leaves the value of a flag behind, where nobody can tell it from an argument.
  const words = swallowed.every((option) => option.isBoolean()) ? args : pathOf(command);
  const typed = [...words, ...swallowed.map((option) => option.flags)].join(' ');
  const how = variables.npm_command === 'exec' ? 'npx nightshift-ops' : 'npm run -s ops --';
  throw usage(
    `npm took ${flags} for itself (it set ${set}), and nothing was done: only what stands behind -- is ours. Type: ${how} ${typed}`,
  );
}

function swallowedOf(
  program: Command,
  command: Command,
  args: readonly string[],
  variables: NodeJS.ProcessEnv,
): Option[] {
  const set = new Set(
    Object.entries(variables)
      // npm exports what is false, and what is unset, as empty.
      .filter(([name, value]) => name.toLowerCase().startsWith(PREFIX) && value && value !== 'false')
      .map(([name]) => plain(name.slice(PREFIX.length))),
  );
  const known = new Map(optionsOf(program).map((option) => [option.long ?? '', option]));
  // Of several commands with that option, the one of this command tells best what to type.
  for (const option of command.options) known.set(option.long ?? '', option);
  const files = npmrcFiles(variables);
  return [...known.values()].filter((option) => {
    const { long } = option;
    if (!long || !set.has(plain(keyOf(option))) || isGiven(long, args)) return false;
    // It answers npm's own question, unless this command asks one, too.
    if (long === '--yes' && !command.options.includes(option)) return false;
    return !files.some((text) => isSetIn(text, option));
  });
}

/** Those of all commands. */
function optionsOf(command: Command): Option[] {
  return [...command.options, ...command.commands.flatMap(optionsOf)];
}

/** The command that the arguments name, as far as they do. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const word of args) {
    const below = command.commands.find((one) => one.name() === word);
    if (!below) return command;
    command = below;
  }
  return command;
}

function pathOf(command: Command): string[] {
  return command.parent ? [...pathOf(command.parent), command.name()] : [];
}

function keyOf({ long }: Option): string {
  return (long ?? '').slice(2).replaceAll('-', '_');
}

/** npm takes `--dryrun` and `--dry_run`, too. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

function isGiven(long: string, args: readonly string[]): boolean {
  return args.some((arg) => arg === long || arg.startsWith(`${long}=`));
}

/** What a person tells npm for good: npm exports that, too, and it is meant for npm. */
function npmrcFiles(variables: NodeJS.ProcessEnv): string[] {
  const {
    npm_config_userconfig: user,
    npm_config_globalconfig: all,
    npm_config_local_prefix: here,
  } = variables;
  return [user, all, here && join(here, '.npmrc')].flatMap((file) => {
    try {
      return file ? [readFileSync(file, 'utf8')] : [];
    } catch {
      return [];
    }
  });
}

function isSetIn(npmrc: string, option: Option): boolean {
  return npmrc.split('\n').some((line) => plain(line.split('=')[0]?.trim() ?? '') === plain(keyOf(option)));
}
