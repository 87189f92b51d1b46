import type { Command } from 'commander';

/** What a command does; called with its arguments, its options and the command itself, as commander hands them over. */
export type Perform = (...args: never[]) => Promise<void> | void;

/**
 * A command of `ops`: how it is called and what it takes. The `command.ts` of its folder exports it and program.ts lists it;
 * what it does is loaded only when it runs, so that `ops --help` stays quick.
 */
export interface OpsCommand {
  name: string;
  description: string;
  /** What it reaches. A deployment that is read or written takes `--project` and `--region`, a write `--yes` as well. */
  reach: 'reads' | 'writes' | 'local';
  /** `records` take `--json`; `text` is for people and shells. */
  prints: 'records' | 'text';
  /** `null` for a command that only holds others. */
  load: (() => Promise<Perform>) | null;
  /** Whether `--watch` shows it again and again. */
  watches?: true;
  /** Adds its arguments and its own options. */
  define?(command: Command): void;
  /** Notes and examples below the options. */
  help?: string;
  subcommands?: readonly OpsCommand[];
}
