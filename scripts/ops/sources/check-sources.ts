import type { JobRecord } from '../../../functions/shared/model/job/job.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import type { WrittenLate } from '../../../functions/shared/model/job/written-late.ts';
import { exitWith } from '../../shared/shell.ts';
import { plural } from '../../words/figures.ts';
import { firstLine, oneLine, paint, print, printJson } from '../../words/terminal.ts';
import { askBackend, type BackendFinding } from '../shared/ask-backend.ts';
import { CannotCheck } from '../shared/check.ts';
import { type Connection, connect } from '../shared/connect.ts';
import type { Mistyped } from '../shared/mistyped.ts';
import { EXIT, OpsProblem } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { type Contradictory, type Inspection, inspectSource, type Missing } from './inspect-source.ts';
import { sampleRecords } from './sample-records.ts';

const SAMPLE = 20;

interface SourceReport extends Omit<Inspection, 'toMend'> {
  source: string;
  collection: string;
  place: string;
  mode: Source['mode'];
  toMend: boolean;
  /** Why the records could not be read; `null` when they could. */
  problem: string | null;
  /** What runs its jobs, by its answers about some of them; `null` without one, or without records. */
  backend: BackendFinding | null;
}

/** Reads some records of each source, and prints what of them is not as the settings say. */
export async function checkSources({ json }: { json?: true }): Promise<void> {
  const connection = await connect();
  const reports: SourceReport[] = [];
  for (const [name, source] of Object.entries(connection.settings.sources))
    reports.push(await reportOn(name, source, connection));
  if (json) printJson(reports);
  else print(...reports.flatMap(reportInWords));
  if (reports.some(({ toMend }) => toMend)) exitWith(EXIT.wrong);
}

async function reportOn(name: string, source: Source, connection: Connection): Promise<SourceReport> {
  const database = source.database ?? connection.environment.FIRESTORE_DATABASE;
  const place = placeOf(connection.target, { googleProject: source.googleProject, database });
  const head = {
    source: name,
    collection: source.collection,
    place,
    mode: source.mode,
    problem: null,
    backend: null,
  };
  try {
    const records = await sampleRecords(source, name, SAMPLE, connection, place);
    const inspection = inspectSource(source, records, connection.clock.now());
    const backend = await backendFinding(name, source, records, connection);
    return { ...head, ...inspection, backend, toMend: inspection.toMend || backend?.state === 'wrong' };
  } catch (error) {
    if (!(error instanceof OpsProblem)) throw error;
    // One source out of reach must not hide what is wrong with the others.
    const nothing = inspectSource(source, [], connection.clock.now());
    return { ...head, ...nothing, problem: error.message, toMend: true };
  }
}

async function backendFinding(
  name: string,
  source: Source,
  records: readonly JobRecord[],
  connection: Connection,
): Promise<BackendFinding | null> {
  if (!source.backend || records.length === 0) return null;
  try {
    return await askBackend(name, source, source.backend, records, connection);
  } catch (error) {
    if (error instanceof CannotCheck) return { state: 'unknown', words: error.message };
    return { state: 'wrong', words: error instanceof Error ? firstLine(error.message) : String(error) };
  }
}

/** What was found in one source, a line each. */
export function reportInWords(report: SourceReport): string[] {
  const head = `${paint.bold(report.source)}: collection ${report.collection} in ${report.place}, mode ${report.mode}`;
  const bad = (text: string) => `  ${paint.red('✗')} ${text}`;
  if (report.problem !== null) return [head, bad(report.problem)];
  if (report.records === 0)
    return [head, `  ${paint.yellow('!')} no record at all: the collection is empty or its name is wrong`];
  const { unmapped, mistyped, contradictory, missing, records } = report;
  const findings = [
    ...unmapped.map(({ word, count }) =>
      bad(`status ${quotedWord(word)} is not mapped, in ${count} of ${records}: add it to statuses`),
    ),
    ...(unmapped.length > 0 ? [good(STATES)] : []),
    ...mistyped.map((finding) => bad(mistypedInWords(finding, records))),
    ...contradictory.map((finding) => bad(contradictoryInWords(finding, records))),
    ...missing.map((finding) => (finding.mend ? bad : good)(missingInWords(finding))),
    ...(report.writtenLate ? [good(lateInWords(report.writtenLate, records))] : []),
    ...(report.backend
      ? [(report.backend.state === 'wrong' ? bad : good)(backendInWords(report.backend))]
      : []),
  ];
  const read = `${plural(report.records, 'record')} read`;
  return [
    head,
    ...findings,
    ...(report.toMend ? [paint.dim(`  ${read}`)] : [`  ${paint.green('✓')} ${read}, nothing to fix`]),
  ];
}

function good(text: string): string {
  return `  ${paint.dim(`· ${text}`)}`;
}

function backendInWords({ state, words, mend }: BackendFinding): string {
  return `backend: ${state === 'unknown' ? 'cannot tell: ' : ''}${words}${mend ? `: ${mend}` : ''}`;
}

/** A word of theirs in quotes, with the blanks around it, which count when it is mapped. */
function quotedWord(word: string): string {
  const inner = firstLine(word);
  const [before = '', after = ''] = [/^\s*/.exec(word)?.[0], /\s*$/.exec(word)?.[0]];
  return inner === '' ? JSON.stringify(word) : JSON.stringify(`${before}${inner}${after}`);
}

/** What a word of theirs can mean. */
const STATES =
  'each word means queued, running, suspended, completed, failed or cancelled; suspended is stopped on purpose and may go' +
  ' on: "PAUSED": "suspended"';

function mistypedInWords(finding: Mistyped, records: number): string {
  const { field, path, holds, example, expected, count } = finding;
  const shown = `${named(field, path)} holds ${holds} in ${count} of ${records}, e.g. ${oneLine(example)}`;
  return `${shown}; settings say ${expected}${fixInWords(finding)}`;
}

function fixInWords({ expected, fits, zone }: Mistyped): string {
  if (fits === null) return '';
  const type = fits === expected ? '' : `: set its type to "${fits}"`;
  if (zone === null) return type;
  const whose = 'the zone of the program that writes it';
  return `${type ? `${type} and` : ': set'} its zone, ${whose}, such as "zone": "${zone}"`;
}

function contradictoryInWords({ because, count, example }: Contradictory, records: number): string {
  return `${because}, in ${count} of ${records}, e.g. ${firstLine(example)}: counted on no day, named in checks.malformed`;
}

function lateInWords({ records: late, mostHours, example }: WrittenLate, records: number): string {
  const written = `${late} of ${records} were written later than their updatedAt says, at most ${mostHours} h, e.g. ${firstLine(example)}`;
  return `${written}: more than 14 h later, no past day is collected again for them`;
}

function missingInWords({ field, path, count, of, which, mend }: Missing): string {
  const records = `${plural(of, 'record')}${which ? ` ${which}` : ''}`;
  const nowhere = mend && count === of ? ': correct its path, or take it out of the settings' : '';
  return `${named(field, path)} is absent in ${count} of ${records}${nowhere}`;
}

function named(field: string, path: string): string {
  return field === path ? field : `${field} (${path})`;
}
