import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Open, Process, Report } from '../../scripts/report/outbox/report.ts';

/** Outboxes as another process left them, written by other code than the clients'. */

export const BOOT_ID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
export const PIDNS = readlinkSync('/proc/self/ns/pid');

/** One file of an outbox. */
export function line(value: object): string {
  const data = JSON.stringify(value);
  return `{"v":1,"crc":"${crc32(data).toString(16).padStart(8, '0')}","d":${data}}\n`;
}

/** What a file of an outbox holds; throws where it is not whole. */
export function unline<T>(text: string): T {
  const { v, crc, d } = JSON.parse(text);
  if (v !== 1 || Number.parseInt(crc, 16) !== crc32(JSON.stringify(d))) throw new Error(`torn: ${text}`);
  return d;
}

/** What one execution left behind. */
export interface Left {
  execution: string;
  open?: Partial<Open>;
  now?: Partial<Report>;
  end?: Partial<Report>;
  sent?: number;
  events?: object[];
  /** Files as they are, over what the rest says. */
  raw?: Record<string, string>;
}

/** An execution id whose last characters are `name`. */
export function executionId(name: string): string {
  return `01JDQ3${name
    .toUpperCase()
    .replace(/[ILOU]/g, 'X')
    .padStart(20, '0')}`;
}

/** Writes the folder of one execution. */
export function leave(outbox: string, url: string, left: Left): void {
  const dir = join(outbox, left.execution);
  mkdirSync(join(dir, 'events'), { recursive: true });
  const open = openOf(left, url);
  writeFileSync(join(dir, 'open.json'), line(open));
  writeFileSync(join(dir, 'end.json'), (left.end ? line(reportOf(open, left.end)) : '').padEnd(4_096));
  if (left.now) writeFileSync(join(dir, 'now.json'), line(reportOf(open, left.now)));
  if (left.sent !== undefined) writeFileSync(join(dir, 'sent'), line({ seq: left.sent, at: open.startedAt }));
  for (const [i, event] of (left.events ?? []).entries())
    writeFileSync(join(dir, 'events', `00000000000000${i}-0000000${i}.json`), line(event));
  for (const [name, text] of Object.entries(left.raw ?? {})) writeFileSync(join(dir, name), text);
}

function openOf({ execution, open }: Left, url: string): Open {
  return {
    execution,
    job: `job-${execution.slice(-6)}`,
    source: 'jobs',
    url,
    jobToken: null,
    host: 'elsewhere',
    attempt: 1,
    bootId: BOOT_ID,
    pidns: PIDNS,
    writer: null,
    child: null,
    program: 'train',
    startedAt: '2026-11-28T08:00:00.000Z',
    startedBootMs: 1_000,
    mayRetry: false,
    ...open,
  };
}

function reportOf(open: Open, part: Partial<Report>): Report {
  return {
    job: open.job,
    execution: open.execution,
    seq: 1,
    at: '2026-11-28T09:00:00.000Z',
    bootMs: 2_000,
    bootId: open.bootId,
    startedAt: open.startedAt,
    state: 'running',
    host: open.host,
    attempt: 1,
    end: null,
    ...part,
  };
}

/** A process that is not there, and one that is: ours. */
export const DEAD: Process = { pid: process.pid, start: '1' };
export const ALIVE: Process = { pid: process.pid, start: startOf(process.pid) };

/** When a process started, in ticks since the machine did. */
export function startOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** The executions that an outbox holds. */
export function executionsOf(outbox: string): string[] {
  return readdirSync(outbox)
    .filter((name) => /^[0-7][0-9A-Z]{25}$/.test(name))
    .sort();
}
