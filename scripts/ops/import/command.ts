import type { OpsCommand } from '../shared/command.ts';
import { commaList } from '../shared/options.ts';
import { fieldPairs, statusPairs } from './flags/pairs.ts';

const HELP = `
FIELD is one of ours (id, status, createdAt, startedAt, endedAt, gpus, project ...), COLUMN one of the file's header,
in NDJSON a key or a JMESPath such as 'metadata.labels."app.kubernetes.io/name"'; STATE is queued, running, suspended,
completed, failed or cancelled. A VALUE with * is a pattern: 'CANCELLED by *=cancelled'. A comma may stand in a COLUMN
or a VALUE; in double quotes, anything may.
TYPE is iso (text, the default), http, seconds, millis or micros (since 1970); --zone is that of text without one.

Each row is about the job of its id. Only the mapped columns are written, and of these only what differs: the same file
twice changes nothing. Of several rows of one id the latest state counts; where they contradict each other, none does,
and the exit code is 1. A record that has ended, or is further on than the file, keeps what it says, and an empty cell
overwrites nothing, unless --overwrite is given. What Nightshift added to a record is never touched.

Example:
  npm run -s ops -- import jobs.csv --source jobs \\
    --map id=name,status=phase,startedAt=start,endedAt=end,gpus=num_gpu \\
    --status Succeeded=completed,Failed=failed,Running=running --dry-run`;

/** Brings job history from a file into a source. */
export const importJobs: OpsCommand = {
  name: 'import',
  description: 'bring job history from a CSV or NDJSON file into a source',
  reach: 'writes',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .argument(
        '<file>',
        'a file ending in .csv, .ndjson or .jsonl, each also with .gz, or - for standard input',
      )
      .requiredOption('--source <name>', 'the source of the settings to import into')
      .requiredOption(
        '--map <FIELD=COLUMN,...>',
        'which column holds which field; may be repeated',
        fieldPairs,
      )
      .requiredOption(
        '--status <VALUE=STATE,...>',
        'what their status words mean; may be repeated',
        statusPairs,
      )
      .option(
        '--time <[FIELD=]TYPE,...>',
        'how times are written, of one field or of all; may be repeated',
        commaList,
      )
      .option('--zone <zone>', 'the zone of times that name none: UTC, +02:00, Europe/Berlin')
      .option(
        '--seconds-since <instant>',
        'times are seconds since this instant, unless --time says otherwise',
      )
      .option(
        '--delimiter <character>',
        "what separates the columns of CSV: ',' unless given; tab is a word for it",
      )
      .option('--format <format>', 'csv or ndjson, where the ending does not show it')
      .option('--overwrite', 'write over endings, later states and what the file leaves empty')
      .option('--dry-run', 'show what would be done, with the first of each kind, and write nothing'),
  load: () => import('./import-file.ts').then((it) => it.importFile),
};
