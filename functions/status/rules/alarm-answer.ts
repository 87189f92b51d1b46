import { type Alarm, muteAt } from '../../shared/model/run/alarm.ts';
import { adviceOn } from '../../shared/model/run/alarm-advice.ts';
import { furtherCommand, severityOf } from '../../shared/model/run/alarm-rank.ts';
import type { AlarmAnswer } from '../api/schemas.ts';

/** An alarm as viewers see it at `now`; a mute that is over is none. */
export function alarmAnswer(alarm: Alarm, now: Date): AlarmAnswer {
  const { id, subject, kind, message, brokenAt, openedAt, closedAt, closedBecause, runId } = alarm;
  const mute = muteAt(alarm, now);
  return {
    id,
    subject,
    kind,
    severity: severityOf(kind),
    message,
    brokenAt: brokenAt.toISOString(),
    openedAt: openedAt.toISOString(),
    closedAt: closedAt?.toISOString() ?? null,
    closedBecause,
    runId,
    mute: mute && { ...mute, until: mute.until.toISOString(), at: mute.at.toISOString() },
    advice: adviceOn(alarm),
    command: furtherCommand(alarm),
  };
}
