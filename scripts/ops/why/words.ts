import { undoCommand } from '../../../functions/shared/model/cleanup/cleanup.ts';
import type { ChangedField, Earlier, Evidence } from '../../../functions/shared/model/job/evidence.ts';
import { type Entry, entriesInWords } from '../../words/entries.ts';
import { figure, plural, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { firstLine, oneLine, paint, shellQuoted } from '../../words/terminal.ts';
import type { Story } from './story.ts';

/** How many entries of a list are shown: the newest. */
const LISTED = 10;

/** The story of a job as a person reads it. */
export function storyInWords(story: Story, now: Date, width: number): string[] {
  const { source, place, path, mode } = story;
  const entries = [
    ...recordOf(story, now),
    ...changesOf(story),
    { label: 'Backend', lines: [backendOf(story)] },
    { label: 'Verdict', lines: [`${story.verdict.kind} (${story.verdict.rule}): ${story.verdict.because}`] },
    ...executionsOf(story),
    ...artifactsOf(story),
    ...daysOf(story),
  ];
  return [
    `${paint.bold(oneLine(path))}, source ${source} in mode ${mode}, ${place}`,
    '',
    ...entriesInWords(
      entries.map((entry) => ({ ...entry, lines: entry.lines.map((line) => oneLine(line)) })),
      width,
    ),
  ];
}

function recordOf({ record, writtenAt }: Story, now: Date): Entry[] {
  const { id, status, state, type, project, model, gpus, error, backendId, unreadable } = record;
  const what = [
    type && `type ${type}`,
    `project ${project}`,
    model && `model ${model}`,
    gpus > 0 && plural(gpus, 'GPU'),
    backendId !== null && `backend id ${backendId}`,
  ].filter(Boolean);
  const times = (['createdAt', 'startedAt', 'heartbeatAt', 'updatedAt', 'endedAt'] as const).flatMap(
    (field) =>
      record[field]
        ? [`${field.slice(0, -2)} ${stamp(record[field])} (${relative(record[field], now)})`]
        : [],
  );
  return [
    { label: 'Record', lines: [`${id}: ${status || UNKNOWN} (${state}), ${what.join(', ')}`, ...times] },
    { label: '', lines: [`written ${stamp(writtenAt)} (${relative(writtenAt, now)})`] },
    ...(error === null ? [] : [{ label: 'Error', lines: [firstLine(error, 500)], tone: paint.red }]),
    ...(unreadable.length === 0
      ? []
      : [
          {
            label: 'Unreadable',
            lines: unreadable.map(({ field, why }) => `${field}: ${why}`),
            tone: paint.yellow,
          },
        ]),
  ];
}

/** What was said of it, the newest first, and how to take it back. */
function changesOf({ changes, whyNotTakenBack, path }: Story): Entry[] {
  if (changes.length === 0) return [{ label: 'Changes', lines: ['none of ours'] }];
  const stands = changes[0] && !('takenBack' in changes[0]);
  const back =
    whyNotTakenBack === null ? takeBackCommand(path) : `it cannot be taken back: ${whyNotTakenBack}`;
  return [
    ...changes.map(
      (change, index): Entry => ({
        label: index === 0 ? 'Changes' : '',
        lines: changeInWords(change),
      }),
    ),
    ...(stands ? [{ label: '', lines: [back], verbatim: true, tone: paint.cyan }] : []),
  ];
}

function takeBackCommand(path: string): string {
  return `take it back: npm run -s ops -- sweep --job ${shellQuoted(path)} --undo --reason TEXT`;
}

function changeInWords(change: Evidence | Earlier): string[] {
  const { verdict, rule, because, backend, askedAt, said, foundAt, runId, by, fields } = change;
  const who = by === null ? runId : `${by}, ${runId}`;
  return [
    `${stamp(foundAt)} ${verdict} by ${who}`,
    `${rule}: ${because}`,
    ...(backend === null ? [] : [`${backend} was asked ${stamp(askedAt)}: ${said}`]),
    ...fields.map((field) => fieldInWords(field)),
    ...('takenBack' in change ? [standsNoMore(change)] : []),
  ];
}

function fieldInWords({ path, before, after }: ChangedField): string {
  return `${path}: ${valueInWords(before)} -> ${valueInWords(after)}`;
}

function valueInWords(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return String(value);
  return firstLine(JSON.stringify(value) ?? String(value), 100);
}

function standsNoMore({ takenBack }: Earlier): string {
  if (!takenBack) return 'another change followed it';
  const { at, by, reason } = takenBack;
  return `taken back ${stamp(at)} by ${by}${reason === null ? '' : `: ${reason}`}`;
}

function backendOf({ backend: { name, state, startedAt, endedAt, words } }: Story): string {
  if (name === null || state === null) return `nobody can be asked: ${words}`;
  const times = [
    ...(startedAt ? [`started ${stamp(startedAt)}`] : []),
    ...(endedAt ? [`ended ${stamp(endedAt)}`] : []),
  ];
  return [`${state}, asked now: ${words}`, ...times].join('; ');
}

function executionsOf({ executions, path, executionsPath }: Story): Entry[] {
  if (executions === null) return [];
  if (executions.length === 0) return [{ label: 'Executions', lines: ['none'] }];
  const shown = executions.slice(0, LISTED);
  const more = executions.length - shown.length;
  return [
    {
      label: 'Executions',
      lines: [plural(executions.length, 'execution')],
      rows: shown.map(({ id, status, startedAt, endedAt }) => [id, status, stamp(startedAt), stamp(endedAt)]),
      ...(more > 0 && { more: `and ${figure(more)} older` }),
    },
    ...shown.flatMap(({ id, evidence }) =>
      evidence ? endedByUs(id, evidence, `${path}/${executionsPath}/${id}`) : [],
    ),
  ];
}

function endedByUs(id: string, evidence: Evidence, path: string): Entry[] {
  const { verdict, rule, because, runId } = evidence;
  return [
    { label: '', lines: [`${id} was ended by us: ${verdict} by ${runId}, ${rule}: ${because}`] },
    { label: '', lines: [takeBackCommand(path)], verbatim: true, tone: paint.cyan },
  ];
}

function artifactsOf({ artifacts: { uri, tombstone, deletedAt, plans } }: Story): Entry[] {
  if (uri === null && tombstone === null && plans.length === 0) return [];
  const mark = tombstone && `plan ${tombstone.planId}, run ${tombstone.runId}`;
  return [
    {
      label: 'Artifacts',
      lines: [
        uri ?? 'its record names none',
        ...(deletedAt ? [`deleted ${stamp(deletedAt)}${mark ? `, ${mark}` : ''}`] : []),
        ...(mark && !deletedAt ? [`their deletion has begun: ${mark}`] : []),
        ...plans.map(
          ({ planId, createdAt, status, decision, because }) =>
            `${decision} by ${planId} of ${stamp(createdAt)} (${status}): ${because}`,
        ),
      ],
    },
    ...(tombstone
      ? [
          {
            label: '',
            lines: [`bring them back: ${undoCommand(tombstone.runId)}`],
            verbatim: true,
          },
        ]
      : []),
  ];
}

function daysOf({ days: { fault, each, countedOn, stored, dirty } }: Story): Entry[] {
  const own = new Set(each.map(({ date }) => date));
  const elsewhere = countedOn.filter((date) => !own.has(date));
  const doubts = Object.entries(dirty).map(([date, cause]) => `${date} will be collected again: ${cause}`);
  const hours = each.reduce((sum, { gpuHours }) => sum + gpuHours, 0);
  const head =
    fault ??
    (each.length === 0
      ? 'it counts on none yet'
      : `${plural(each.length, 'day')}, ${figure(hours, 1)} GPU-hours in all`);
  const shown = each.slice(-LISTED);
  const more = each.length - shown.length;
  return [
    {
      label: 'Days',
      lines: [head],
      rows: shown.map(({ date, started, ended, gpuHours }) => [
        date,
        [started && 'started', ended].filter(Boolean).join(', ') || 'runs',
        `${figure(gpuHours, 1)} GPU-hours`,
        stored[date] ?? 'not stored',
      ]),
      ...(more > 0 && { more: `and ${figure(more)} days before` }),
    },
    ...(elsewhere.length === 0
      ? []
      : [
          {
            label: '',
            lines: [`counted, too, on ${elsewhere.join(', ')}, where its record does not put it now`],
            tone: paint.yellow,
          },
        ]),
    ...(doubts.length === 0 ? [] : [{ label: '', lines: doubts.slice(-LISTED), tone: paint.yellow }]),
  ];
}
