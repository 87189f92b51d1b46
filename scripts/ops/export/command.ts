import type { OpsCommand } from '../shared/command.ts';
import { oneOf, parseSince } from '../shared/options.ts';
import { FORMATS, KINDS } from './kinds.ts';

const HELP = `
CSV is RFC 4180 with a header; text that a spreadsheet would take for a formula gets a ' before it,
numbers stay numbers. NDJSON has the same rows as the API of status, one a line.

Examples:
  npm run -s ops -- export runs --since 7d > runs.csv
  npm run -s ops -- export jobs --format ndjson | jq .record.state`;

/** Our records for spreadsheets, notebooks and other dashboards. */
export const exportRecords: OpsCommand = {
  name: 'export',
  description: 'days, runs, alarms or active jobs as CSV or NDJSON, for other tools',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .argument('<what>', KINDS.join(', '), (word) => oneOf('export', word, KINDS))
      .option('--format <format>', FORMATS.join(' or '), (word) => oneOf('format', word, FORMATS), 'csv')
      .option(
        '--since <when>',
        'days, runs and closed alarms since: 7d, or an instant (default: 30d)',
        parseSince,
      ),
  load: () => import('./export-records.ts').then((it) => it.exportTo),
};
