import type { Command } from 'commander';
import { print } from '../../words/terminal.ts';
import { completionScript, type Shell } from './script.ts';

/** Prints the completion of the commands that there are. */
export function printCompletion(shell: Shell, _: object, command: Command): void {
  if (command.parent) print(completionScript(shell, command.parent));
}
