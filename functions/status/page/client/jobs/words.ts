import type { JobAnswer } from '../../../api/job-schemas.ts';
import type { IconName } from '../parts/shapes.ts';
import type { Tone } from '../parts/tone.ts';

type State = JobAnswer['backend']['state'];

const LOOKS: Record<State, { tone: Tone; icon: IconName }> = {
  queued: { tone: 'calm', icon: 'late' },
  running: { tone: 'busy', icon: 'running' },
  suspended: { tone: 'calm', icon: 'pause' },
  completed: { tone: 'good', icon: 'ok' },
  failed: { tone: 'bad', icon: 'failing' },
  cancelled: { tone: 'calm', icon: 'disabled' },
  gone: { tone: 'warn', icon: 'unknown' },
  unknown: { tone: 'warn', icon: 'unknown' },
};

/** How the state of a job looks. */
export function jobLook(state: State): { tone: Tone; icon: IconName; word: string } {
  return { ...LOOKS[state], word: state };
}

/** The name of a job in the address. */
export function jobKey({ source, id }: Pick<JobAnswer, 'source' | 'id'>): string {
  return `${source}/${id}`;
}

/** The state to believe of a job whose record says another. */
export function trulyWord({ shown }: Pick<JobAnswer, 'shown'>): string {
  return shown === 'unknown' ? 'cannot tell' : `really ${shown}`;
}
