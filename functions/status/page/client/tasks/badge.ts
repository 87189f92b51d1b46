import { computed, type ReadonlySignal } from '@preact/signals';
import type { HealthNow } from '../../../../shared/model/run/health-state.ts';
import type { TaskAnswer } from '../../../api/schemas.ts';
import { badgeAt } from '../../../rules/badge.ts';
import { now } from '../live/clock.ts';

/** By the answer itself: what did not change keeps its signal, and so its place on the page. */
const badges = new WeakMap<TaskAnswer, ReadonlySignal<HealthNow>>();

/** How a task stands, second by second; a new value only when it is another. */
export function badgeOf(task: TaskAnswer): ReadonlySignal<HealthNow> {
  const known = badges.get(task);
  if (known) return known;
  let last: HealthNow | undefined;
  const badge = computed(() => {
    const next = badgeAt(task, new Date(now.value));
    if (last?.state !== next.state || last.reason !== next.reason || last.running !== next.running)
      last = next;
    return last;
  });
  badges.set(task, badge);
  return badge;
}
