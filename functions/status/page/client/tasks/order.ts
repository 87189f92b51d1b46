import { HEALTH_STATES, type HealthState } from '../../../../shared/model/run/health-state.ts';
import type { TaskAnswer } from '../../../api/schemas.ts';

/** A task with how it stands now. */
export interface TaskNow {
  task: TaskAnswer;
  state: HealthState;
}

/** Columns to sort by; `status`, the worst first, unless another is asked for. */
export const SORT_KEYS = ['status', 'task', 'next', 'last', 'duration', 'fails'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** How the table is sorted. */
export interface Sorting {
  key: SortKey;
  descending: boolean;
}

/** States of which a person need not do anything rank after all that is wrong; what is switched off comes last. */
const RANKS: readonly HealthState[] = [...HEALTH_STATES.filter((state) => state !== 'disabled'), 'disabled'];

const KEY_OF: Record<SortKey, (it: TaskNow) => number | string | null> = {
  status: ({ state }) => RANKS.indexOf(state),
  task: ({ task }) => task.task,
  next: ({ task }) => task.nextExpectedAt,
  last: ({ task }) => task.lastStartedAt,
  duration: ({ task }) => task.lastDurationMs,
  fails: ({ task }) => task.consecutiveFailures,
};

/** The sorting in the address, such as `-fails`; the usual one for anything else. */
export function sortingOf(text: string | null): Sorting {
  const descending = text?.startsWith('-') ?? false;
  const key = SORT_KEYS.find((it) => it === (descending ? text?.slice(1) : text));
  return key ? { key, descending } : { key: 'status', descending: false };
}

/** The sorting after a click on a column: it turns round where it is sorted by that already. */
export function nextSorting({ key, descending }: Sorting, clicked: SortKey): string {
  if (key === clicked) return clicked === 'status' && descending ? '' : `${descending ? '' : '-'}${clicked}`;
  return clicked === 'fails' || clicked === 'duration' ? `-${clicked}` : clicked;
}

/** The tasks in order; what has no value comes last, and equals go by name. */
export function ordered(tasks: readonly TaskNow[], { key, descending }: Sorting): TaskNow[] {
  const by = KEY_OF[key];
  return tasks.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (x === y) return a.task.task < b.task.task ? -1 : 1;
    if (x === null || y === null) return x === null ? 1 : -1;
    return x < y === descending ? 1 : -1;
  });
}

/** The tasks whose name or description has `text` in it, and whose state is `state` where one is asked for. */
export function matching(tasks: readonly TaskNow[], text: string, state: string): TaskNow[] {
  const wanted = text.trim().toLowerCase();
  return tasks.filter(
    (it) =>
      (!state || it.state === state) &&
      (!wanted || `${it.task.task} ${it.task.description}`.toLowerCase().includes(wanted)),
  );
}
