import { readEnvironment } from '../../../functions/shared/environment.ts';
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import type { Problem } from '../../../functions/shared/problems.ts';
import { loadSettings } from '../../../functions/shared/settings.ts';
import { exitWith, shell } from '../../shared/shell.ts';
import { plural } from '../../words/figures.ts';
import { oneLine, paint, print, printJson } from '../../words/terminal.ts';
import { EXIT } from '../shared/problem.ts';

/** Checks a settings file without asking anything; the exit code says whether it can be used. */
export function checkSettings(file: string | undefined, { json }: { json?: true }): void {
  const environment = readEnvironment(shell().env);
  const given = file ?? environment.NIGHTSHIFT_SETTINGS;
  const name = given ?? 'functions/settings.json';
  const { problems, sources } = check(
    given === undefined ? environment : { ...environment, NIGHTSHIFT_SETTINGS: given },
  );
  if (json) printJson({ file: name, ok: problems.length === 0, problems, sources });
  else if (problems.length === 0)
    print(
      paint.green(`${name}: nothing is wrong`),
      paint.dim(`  ${plural(sources.length, 'source')}: ${sources.join(', ')}`),
    );
  else
    print(paint.red(`${name}: ${plural(problems.length, 'problem')}`), ...problems.flatMap(problemInWords));
  if (problems.length > 0) exitWith(EXIT.wrong);
}

function check(environment: Parameters<typeof loadSettings>[0]): {
  problems: readonly Problem[];
  sources: string[];
} {
  try {
    return { problems: [], sources: Object.keys(loadSettings(environment).sources) };
  } catch (error) {
    if (error instanceof InvalidConfiguration) return { problems: error.problems, sources: [] };
    throw error;
  }
}

function problemInWords({ path, message, expected }: Problem): string[] {
  return [
    `  ${paint.bold(path || 'the whole file')}: ${oneLine(message)}`,
    ...(expected === undefined ? [] : [paint.dim(`    expected: ${oneLine(expected)}`)]),
  ];
}
