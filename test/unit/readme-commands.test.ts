import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { opsProgram } from '../../scripts/ops/program.ts';
import { opsLines, readmes } from '../support/readmes.ts';

/** The command that the words of a line name, and what of the line it does not have. */
function unknownIn(line: string, program: Command): string[] {
  let command = program;
  const unknown: string[] = [];
  for (const word of line.split(' ')) {
    const below = command.commands.find((one) => one.name() === word);
    if (below) command = below;
    else if (command === program) return [`no command ${word}`];
    else if (/^--[a-z]/.test(word) && !hasOption(command, word))
      unknown.push(`${command.name()} has no ${word}`);
  }
  return unknown;
}

function hasOption(command: Command, flag: string): boolean {
  return flag === '--help' || command.options.some(({ long }) => long === flag);
}

describe('the command lines of ops in the READMEs', () => {
  const program = opsProgram();

  for (const readme of readmes())
    test(`name commands and flags that there are: ${readme.path}`, () => {
      const unknown = opsLines(readme).flatMap((line) =>
        unknownIn(line, program).map((what) => `${line}: ${what}`),
      );
      assert.deepEqual(unknown, []);
    });

  test('leave no command out of the table of scripts/README.md', () => {
    const { text } = readmes().find(({ path }) => path === 'scripts/README.md') ?? { text: '' };
    const lacking = program.commands
      .map((command) => command.name())
      .filter((name) => !new RegExp(`^\\| \`${name}\\b`, 'm').test(text));
    assert.deepEqual(lacking, []);
  });

  test('are found, and a flag that is not there is told', () => {
    assert.ok(readmes().flatMap(opsLines).length > 30);
    assert.deepEqual(unknownIn('days 2026-01-31 --cvs', program), ['days has no --cvs']);
    assert.deepEqual(unknownIn('dayz', program), ['no command dayz']);
  });
});
