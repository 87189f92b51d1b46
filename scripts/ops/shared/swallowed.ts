import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { usage } from './problem.ts';

/**
 * `npm run ops sweep --dry-run` lacks the `--` behind which npm leaves everything alone: npm takes the flag for its own,
 * passes it on in the environment, and starts `ops sweep`, which would end jobs in earnest.
 */

const PREFIX = 'npm_config_';
/** npm completes a flag that begins like one of its own alone, and sets that. */
const COMPLETED: Readonly<Record<string, string>> = { '--to': 'token_description' };

/** Throws where npm took a flag of ours, of whatever command: what is missing may be the flag that keeps from harm. */
export function refuseSwallowed(
  program: Command,
  args: readonly string[],
  variables: NodeJS.ProcessEnv,
): void {
  const command = commandOf(program, args);
  const swallowed = swallowedOf(program, command, args, variables);
  if (swallowed.length === 0) return;
  const flags = swallowed.map(({ option }) => option.long).join(', ');
  const set = swallowed.map(({ key }) => `${PREFIX}${key}`).join(', ');
  // npm leaves the value of a flag among the arguments, where it looks like one of them.
  const words = swallowed.every(({ option }) => option.isBoolean()) ? args : pathOf(command);
  const typed = [...words, ...swallowed.map(({ option }) => option.flags)].join(' ');
  const how = variables.npm_command === 'exec' ? 'npx nightshift-ops' : 'npm run -s ops --';
  throw usage(
    `npm took ${flags} for itself (it set ${set}), and nothing was done: only what stands behind -- is ours. Type: ${how} ${typed}`,
  );
}

/** The options that npm took, and as what of its own. */
function swallowedOf(
  program: Command,
  command: Command,
  args: readonly string[],
  variables: NodeJS.ProcessEnv,
): { option: Option; key: string }[] {
  const set = new Set(
    Object.entries(variables)
      // npm exports what is false, and what is unset, as empty.
      .filter(([name, value]) => name.toLowerCase().startsWith(PREFIX) && value && value !== 'false')
      .map(([name]) => plain(name.slice(PREFIX.length))),
  );
  const known = new Map(optionsOf(program).map((option) => [option.long ?? '', option]));
  // Where several commands have that option, this command's own shows best what to type.
  for (const option of command.options) known.set(option.long ?? '', option);
  const files = npmrcFiles(variables);
  return [...known.values()].flatMap((option) => {
    const { long } = option;
    if (!long || isGiven(long, args)) return [];
    // It answers npm's own question, unless this command asks one, too.
    if (long === '--yes' && !command.options.includes(option)) return [];
    const key = keysOf(long).find((one) => set.has(plain(one)));
    return key === undefined || files.some((text) => isSetIn(text, key)) ? [] : [{ option, key }];
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

/** What npm may set for a flag. */
function keysOf(long: string): string[] {
  const completed = COMPLETED[long];
  return [long.slice(2).replaceAll('-', '_'), ...(completed === undefined ? [] : [completed])];
}

/** npm takes `--dryrun` and `--dry_run`, too. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

function isGiven(long: string, args: readonly string[]): boolean {
  return args.some((arg) => arg === long || arg.startsWith(`${long}=`));
}

/** The files with a user's own options of npm: npm exports these, too, and they are meant for npm. */
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

function isSetIn(npmrc: string, key: string): boolean {
  return npmrc.split('\n').some((line) => plain(line.split('=')[0]?.trim() ?? '') === plain(key));
}
