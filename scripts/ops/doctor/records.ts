import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { duration } from '../../words/figures.ts';
import type { Check } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';

/** Leases go by Firestore's clock; a clock that is further off than this makes its runs warn of it. */
const SKEW_MS = 5 * SECOND_MS;

/** Nightshift's own records: whether they can be read, and how far the clock here is from Firestore's. */
export function recordChecks({ collections, environment, clock, ask }: Connection): Check[] {
  return [
    {
      group: 'Firestore',
      what: 'records',
      async look() {
        const begun = clock.monotonicMs();
        const { readTime } = await ask('reading a task', collections.tasks.doc('doctor').get());
        const tookMs = clock.monotonicMs() - begun;
        // The read happened half-way between question and answer, as near as can be known.
        const here = clock.now().getTime() - (clock.offsetMs?.() ?? 0) - tookMs / 2;
        const skewMs = here - readTime.toMillis();
        const words = `database ${environment.FIRESTORE_DATABASE} answers in ${duration(tookMs)}; the clock here is ${differs(skewMs)}`;
        if (Math.abs(skewMs) <= SKEW_MS) return { state: 'ok', words };
        return { state: 'wrong', words, mend: 'set the clock of this machine by NTP' };
      },
      fix: () => 'create the database: terraform -chdir=infra apply, or name it in FIRESTORE_DATABASE',
    },
  ];
}

function differs(skewMs: number): string {
  const size = Math.abs(skewMs);
  return size < SECOND_MS ? 'right to the second' : `${duration(size)} ${skewMs < 0 ? 'behind' : 'ahead'}`;
}
