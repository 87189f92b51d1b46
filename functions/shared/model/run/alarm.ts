import { z } from 'zod';

/** An alarm is an incident: opened and closed by rules, one per broken limit. */
export const ALARM_KINDS = [
  'failing',
  'stuck',
  'missed',
  'source-failing',
  'conflict',
  'guard',
  'approval',
  'backend-unknown',
  'found-alive',
  'double-run',
  'overdue',
  'long-running',
  'stalled',
  'sweeper-blind',
  'prune-lag',
  'schedule-drift',
] as const;

/** That a person silenced an alarm for some time: it stays open, but until then it is nothing new to worry about. */
const muteSchema = z.object({
  until: z.date(),
  /** The person, as they named themselves. */
  by: z.string(),
  reason: z.string(),
  at: z.date(),
});
export type Mute = z.infer<typeof muteSchema>;

/** `alarms/{id}`: one incident. */
export const alarmSchema = z.object({
  id: z.string(),
  /** The task or source it is about. */
  subject: z.string(),
  /** The id of the one job of that source that it is about; absent where it is about several, or none. */
  job: z.string().optional(),
  kind: z.enum(ALARM_KINDS),
  message: z.string(),
  /** The instant of the broken limit, not of its discovery. */
  brokenAt: z.date(),
  openedAt: z.date(),
  /** `null` while the incident lasts. */
  closedAt: z.date().nullable(),
  closedBecause: z.string().nullable(),
  runId: z.string().nullable(),
  /** The newest mute, over or not; absent where there was none. */
  mute: muteSchema.optional(),
});

export type Alarm = z.infer<typeof alarmSchema>;
export type AlarmKind = Alarm['kind'];

/** An alarm to open: its id follows from subject, kind and instant, so the same incident opens only once. */
export interface AlarmToOpen {
  subject: string;
  job?: string | undefined;
  kind: AlarmKind;
  brokenAt: Date;
  message: string;
}

/** An alarm to close, with the reason in words. */
export interface AlarmToClose {
  id: string;
  because: string;
}

/** An open alarm whose words are not true any more. */
export interface AlarmToReword {
  id: string;
  message: string;
}

/** Alarms that change in one commit with the record that causes it. */
export interface AlarmChanges {
  open?: AlarmToOpen[];
  close?: AlarmToClose[];
  reword?: AlarmToReword[];
}

/** No alarm changes. */
export const NO_CHANGES: Required<AlarmChanges> = { open: [], close: [], reword: [] };

/**
 * One incident at a time: `wrong` opens an alarm where none of `open` is about it, else the oldest of them takes today's
 * words. Once nothing is wrong any more all close, with `because`.
 */
export function oneAlarm(
  open: readonly Pick<Alarm, 'id' | 'message' | 'brokenAt'>[],
  because: string,
  wrong: AlarmToOpen | null,
): Required<AlarmChanges> {
  if (!wrong) return { ...NO_CHANGES, close: open.map(({ id }) => ({ id, because })) };
  const [first, ...others] = open.toSorted((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime());
  if (!first) return { ...NO_CHANGES, open: [wrong] };
  const { message } = wrong;
  return {
    open: [],
    close: others.map(({ id }) => ({ id, because: `${first.id} tells of it` })),
    reword: first.message === message ? [] : [{ id: first.id, message }],
  };
}

/** The mute of an open alarm at `now`, which ends by itself; `null` where there is none. */
export function muteAt({ closedAt, mute }: Pick<Alarm, 'closedAt' | 'mute'>, now: Date): Mute | null {
  return mute && closedAt === null && mute.until > now ? mute : null;
}

/** The id of an incident: who, what, and the instant of the broken limit. */
export function alarmId({
  subject,
  kind,
  brokenAt,
}: Pick<AlarmToOpen, 'subject' | 'kind' | 'brokenAt'>): string {
  return `${subject}:${kind}:${brokenAt.toISOString()}`;
}

/** Whether `id` is an alarm of `kind`, by the id alone. */
export function isAlarmOfKind(id: string, kind: AlarmKind): boolean {
  return id.split(':')[1] === kind;
}
