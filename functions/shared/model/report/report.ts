import { z } from 'zod';
import { TERMINAL_STATES } from '../job/states.ts';

/**
 * What a reporter sends. A report carries the whole state of one execution so far, never a difference, so that reports may
 * be lost, come twice and come in any order. What newer clients add is ignored.
 */

/** The version of the request. */
export const REPORT_VERSION = 1;
export const MOST_REPORTS = 500;
export const MOST_JOBS = 100;
export const MOST_BODY_BYTES = 256 * 1024;
/** The source of a request that names none. */
export const DEFAULT_SOURCE = 'jobs';

/** `gone` is told by another reporter of the same host: nobody is left who knows how the execution ended. */
export const REPORTED_STATES = ['queued', 'running', ...TERMINAL_STATES, 'gone'] as const;
export type ReportedState = (typeof REPORTED_STATES)[number];

export const CAUSES = ['exit', 'signal', 'oom', 'preempted', 'stopped', 'timed-out'] as const;

/** The longest texts that are kept; what a person wrote is cut off there, a name is refused. */
const MOST_NAME = 300;
const MOST_URI = 1_000;
const MOST_NOTE = 200;
const MOST_ERROR = 2_000;
/** A clock that is wrong may say anything; Dates end at 8.64e15. */
const MOST_MS = 1e15;

/** Everything that moves a cursor, a terminal's colour or a line; and halves of characters, which UTF-8 has not. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');

/** `null` counts as left out, for languages that write every field. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
const name = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !UNPRINTABLE.test(text), {
      message: 'Holds control characters',
      params: { expected: 'printable text' },
    });
/** Words for people: cut off and cleaned, for an end must not be refused because of its error. */
const words = (most: number) =>
  z.string().transform((text) => text.slice(0, most).replaceAll(EACH_UNPRINTABLE, ' '));
const instant = z
  .string()
  .max(40)
  .refine(
    (text) =>
      !Number.isNaN(Date.parse(text)) && /^\d{4}-\d{2}-\d{2}[Tt ].*([Zz]|[+-]\d{2}:?\d{2})$/.test(text),
    {
      message: 'Cannot read the time',
      params: { expected: 'an instant such as 2026-11-28T10:00:00.120Z' },
    },
  )
  .transform((text) => new Date(text));
const ms = z.number().min(0).max(MOST_MS);
const count = z.number().min(0).max(MOST_MS);

const progressSchema = z.object({
  fraction: maybe(z.number().min(0).max(1)),
  step: maybe(count),
  of: maybe(count),
  note: maybe(words(MOST_NOTE)),
});
export type Progress = z.infer<typeof progressSchema>;

const endSchema = z.object({
  state: z.enum(TERMINAL_STATES),
  exitCode: maybe(
    z
      .int()
      .min(-1_000_000)
      .max(2 ** 32),
  ),
  signal: maybe(name(20)),
  cause: maybe(z.enum(CAUSES)),
  error: maybe(words(MOST_ERROR)),
  /** `false` where the platform may try again: the execution has ended, its job has not. */
  final: maybe(z.boolean()),
});
export type ReportedEnd = z.infer<typeof endSchema>;

/** One report. All but `job` may be missing: whoever uses curl leaves the rest to the server. */
export const reportSchema = z
  .object({
    job: name(MOST_NAME),
    execution: maybe(name(MOST_NAME)),
    seq: maybe(z.int().min(0)),
    /** When what it tells was true, by the reporter's clock; and the same by the clock that counts from its boot. */
    at: maybe(instant),
    bootMs: maybe(ms),
    bootId: maybe(name(100)),
    startedAt: maybe(instant),
    state: maybe(z.enum(REPORTED_STATES)),
    host: maybe(name(MOST_NAME)),
    pid: maybe(z.int().min(0)),
    attempt: maybe(z.int().min(0).max(1_000_000)),
    /** Whether the reporter was told to stop, and has not yet. */
    stopping: maybe(z.boolean()),
    progress: maybe(progressSchema),
    checkpoint: maybe(z.object({ uri: name(MOST_URI), step: maybe(count) })),
    end: maybe(endSchema),
  })
  .refine(({ state, end }) => !end || state === undefined || state === end.state, {
    path: ['state'],
    message: 'Is not the state of the end',
    params: { expected: 'the state of the end, or none' },
  });
export type Report = z.infer<typeof reportSchema>;

/** A request. Its reports are read one by one, so that a bad one spoils no other. */
export const envelopeSchema = z.object({
  v: maybe(z.literal(REPORT_VERSION)),
  source: maybe(name(100)),
  /** Now, by both clocks of the reporter. */
  sentAt: maybe(instant),
  boot: maybe(z.object({ id: name(100), ms })),
  reports: z.array(z.unknown()).min(1).max(MOST_REPORTS),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/** The request as a whole, for the published schema. */
export const requestSchema = envelopeSchema.extend({
  reports: z.array(reportSchema).min(1).max(MOST_REPORTS),
});
