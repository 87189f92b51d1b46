import { OUTCOMES } from '../../../functions/shared/model/run/outcomes.ts';
import type { OpsCommand } from '../shared/command.ts';
import { oneOf, parseSince, wholeUpTo } from '../shared/options.ts';

const HELP = `
RUN is the id of a run, or the beginning of it, with or without its task.

Examples:
  npm run -s ops -- runs --since 24h
  npm run -s ops -- runs collect-metrics --outcome failed
  npm run -s ops -- runs collect-metrics@2026-01-31T02:00:00.000Z`;

/** The newest runs of all tasks or of one, or one run whole. */
export const runs: OpsCommand = {
  name: 'runs',
  description: 'the newest runs of all tasks or of one, newest first, or one run whole',
  reach: 'reads',
  prints: 'records',
  watches: true,
  help: HELP,
  define: (command) =>
    command
      .argument('[task or run]', 'a task of the catalogue, or the id of a run')
      .option('--outcome <outcome>', `only runs that ended so: ${OUTCOMES.join(', ')}`, (word) =>
        oneOf('outcome', word, OUTCOMES),
      )
      .option('--since <when>', 'only runs that began since: 90m, 24h, 7d, or an instant', parseSince)
      .option('--limit <number>', 'how many, at most 500 (default: 20)', wholeUpTo(500)),
  load: () => import('./show-runs.ts').then((it) => it.showRuns),
};
