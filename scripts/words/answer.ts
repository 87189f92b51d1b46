import { fieldsOf } from '../shared/objects.ts';
import { cleanupInWords, undoInWords } from './cleanup.ts';
import { collectionInWords } from './collection.ts';
import { duration, sameTimes } from './figures.ts';
import { inWords, spaced } from './plain.ts';
import { pruneInWords } from './prune.ts';
import { sweepInWords, takeBackInWords } from './sweep.ts';
import { oneLine, paint } from './terminal.ts';
import { workloadsInWords } from './workloads.ts';

const INDENT = '    ';
const GOOD = ['succeeded', 'partial', 'duplicate'];

/** Whether an answer's outcome leaves nothing to do for the caller. */
export function isGood(outcome: unknown): boolean {
  return GOOD.includes(String(outcome));
}

type Fields = Record<string, unknown>;

/**
 * What a function answered, as lines a person likes to read: what became of the run, what it did, what was wrong. Any
 * answer is told, also a refusal, and a summary of keys that nothing here has heard of.
 */
export function answerInWords(answer: unknown): string[] {
  const fields = fieldsOf(answer);
  if (typeof fields.outcome !== 'string')
    return [
      paint.red('refused'),
      ...(fields.error ? [`${INDENT}${oneLine(String(fields.error))}`] : []),
      ...problemLines(fields.problems),
    ];
  const { lines, rest, problems: told = [] } = summaryInWords(fieldsOf(fields.summary), fields);
  const others = Object.entries(rest)
    .map(([key, value]) => [spaced(key), inWords(value)])
    .flatMap(([key, text]) => (text ? [`${key}: ${text}`] : []));
  return [
    headline(fields),
    ...[...lines, ...others].map((line) => `${INDENT}${sameTimes(line)}`.trimEnd()),
    ...problemLines(fields.problems, told),
  ];
}

/** The lines of a summary that is known here, and what they leave untold; of any other one nothing is told yet. */
function summaryInWords(
  summary: Fields,
  answer: Fields,
): { lines: string[]; rest: Fields; problems?: string[] } {
  if ('daysCollected' in summary) return collectionInWords(summary, INDENT.length);
  if ('planId' in summary) return cleanupInWords(summary, answer, INDENT.length);
  if ('undo' in summary) return undoInWords(summary, INDENT.length);
  if ('scanned' in summary) return sweepInWords(summary, answer, INDENT.length);
  if ('takenBack' in summary) return takeBackInWords(summary, answer);
  if ('workloadTables' in summary) return workloadsInWords(summary, INDENT.length);
  if ('prunedRuns' in summary) return pruneInWords(summary, answer, INDENT.length);
  return { lines: [], rest: summary };
}

function headline({ task, outcome, durationMs, dryRun, attempt, trigger }: Fields): string {
  const asides = [
    ...(dryRun === true ? ['dry run: nothing was written'] : []),
    ...(trigger === 'scheduled' ? ['scheduled'] : []),
    ...(Number(attempt) > 1 ? [`attempt ${attempt}`] : []),
    ...(outcome === 'duplicate' ? ['it was done before; this is what it did then'] : []),
  ];
  const took = typeof durationMs === 'number' ? ` in ${duration(durationMs)}` : '';
  const aside = asides.length > 0 ? paint.dim(` (${asides.join(', ')})`) : '';
  return `${paint.bold(oneLine(String(task)))} ${coloured(oneLine(String(outcome)))}${took}${aside}`;
}

function coloured(outcome: string): string {
  if (['succeeded', 'duplicate'].includes(outcome)) return paint.green(outcome);
  return ['partial', 'skipped'].includes(outcome) ? paint.yellow(outcome) : paint.red(outcome);
}

/** A line for each problem but those at a path of `told`. */
function problemLines(problems: unknown, told: readonly string[] = []): string[] {
  return (Array.isArray(problems) ? problems : []).flatMap((problem) => {
    const { path, message, expected } =
      typeof problem === 'string' ? { message: problem } : fieldsOf(problem);
    if (told.includes(String(path))) return [];
    const where = path ? `${path}: ` : '';
    const text = `${where}${message ?? inWords(problem)}${expected ? `; expected ${expected}` : ''}`;
    return `${INDENT}${paint.yellow('!')} ${sameTimes(oneLine(text))}`;
  });
}
