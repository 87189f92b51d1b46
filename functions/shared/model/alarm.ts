import { z } from 'zod';

/** An alarm is an incident: opened and closed by rules, one per broken limit. */
const ALARM_KINDS = [
  'failing',
  'stuck',
  'missed',
  'source-failing',
  'conflict',
  'guard',
  'approval',
  'backend-unknown',
  'overdue',
  'long-running',
  'sweeper-blind',
  'prune-lag',
  'schedule-drift',
] as const;

/** `alarms/{id}`: one incident. */
export const alarmSchema = z.object({
  id: z.string(),
  /** The task or source it is about. */
  subject: z.string(),
  kind: z.enum(ALARM_KINDS),
  message: z.string(),
  /** The instant of the broken limit, not of its discovery. */
  brokenAt: z.date(),
  openedAt: z.date(),
  /** `null` while the incident lasts. */
  closedAt: z.date().nullable(),
  closedBecause: z.string().nullable(),
  runId: z.string().nullable(),
});

export type Alarm = z.infer<typeof alarmSchema>;
export type AlarmKind = Alarm['kind'];

/** An alarm to open: its id follows from subject, kind and instant, so the same incident opens only once. */
export interface AlarmToOpen {
  subject: string;
  kind: AlarmKind;
  brokenAt: Date;
  message: string;
}

/** An alarm to close, with the reason in words. */
export interface AlarmToClose {
  id: string;
  because: string;
}

/** Alarms that change in one commit with the record that causes it. */
export interface AlarmChanges {
  open?: AlarmToOpen[];
  close?: AlarmToClose[];
}

/** The id of an incident: who, what, and the instant of the broken limit. */
export function alarmId({
  subject,
  kind,
  brokenAt,
}: Pick<AlarmToOpen, 'subject' | 'kind' | 'brokenAt'>): string {
  return `${subject}:${kind}:${brokenAt.toISOString()}`;
}

/** Whether `id` is an alarm of `kind`, told from the id alone. */
export function isAlarmOfKind(id: string, kind: AlarmKind): boolean {
  return id.split(':')[1] === kind;
}
