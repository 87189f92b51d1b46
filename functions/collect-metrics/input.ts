import { z } from 'zod';
import { addDays, type Day, dayOf, daysBetween } from '../shared/dates.ts';

const LONGEST_RANGE_DAYS = 400;
/** No platform has older records, and Firestore cannot store every year that a date can name. */
const EARLIEST: Day = '2000-01-01';

/** The body of collect-metrics: nothing, one `date`, or a range; each with `dryRun`. */
export interface CollectInput {
  date?: Day | undefined;
  from?: Day | undefined;
  to?: Day | undefined;
  dryRun?: boolean | undefined;
}

/** The strict schema of the body at `now`: today is accepted, tomorrow is not. */
export function collectInput(now: Date): z.ZodType<CollectInput> {
  const today = dayOf(now);
  const day = z.iso
    .date({ abort: true })
    .refine((date) => date <= today, {
      message: 'The day has not begun',
      params: { expected: `${today} (today, UTC) or earlier` },
    })
    .refine((date) => date >= EARLIEST, {
      message: 'The day is before any record',
      params: { expected: `${EARLIEST} or later` },
    });
  return z
    .strictObject({
      date: day.optional(),
      from: day.optional(),
      to: day.optional(),
      dryRun: z.boolean().optional(),
    })
    .check(
      z.superRefine(
        (input: CollectInput, context) => {
          const complain = (path: string, message: string, expected: string) =>
            context.addIssue({ code: 'custom', path: [path], message, params: { expected } });
          for (const key of ['from', 'to'] as const)
            if (input.date !== undefined && input[key] !== undefined)
              complain(key, `Cannot use ${key} beside date`, 'either date, or from and to');
          if (input.to !== undefined && input.from === undefined)
            complain('from', 'Missing', 'the first day, YYYY-MM-DD');
          if (!isDay(input.from)) return;
          const to = input.to ?? addDays(today, -1);
          if (!isDay(to)) return;
          if (input.from > to) complain('from', `${input.from} is after ${to}`, `${to} or earlier`);
          else if (daysBetween(input.from, to).length > LONGEST_RANGE_DAYS)
            complain('from', `${input.from} to ${to} is too long`, `at most ${LONGEST_RANGE_DAYS} days`);
        },
        // Every problem is named at once, so this check runs beside those of the single keys.
        { when: ({ value }) => value !== null && typeof value === 'object' },
      ),
    );
}

/** Returns the days that a body names; `undefined` where it names none. */
export function daysNamed(input: CollectInput, today: Day): Day[] | undefined {
  if (input.date !== undefined) return [input.date];
  if (input.from !== undefined) return daysBetween(input.from, input.to ?? addDays(today, -1));
  return undefined;
}

function isDay(value: unknown): value is Day {
  return z.iso.date().safeParse(value).success;
}
