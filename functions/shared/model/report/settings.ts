import { z } from 'zod';

/** Who may report which jobs of a source. */

const pattern = z
  .string()
  .regex(/^[^\s*]*\*?$|^\*$/, { error: 'a name, or the beginning of one and a *' })
  .min(1);
const email = z.string().regex(/^[^\s@]+@[^\s@]+$/, { error: 'the e-mail address of an account' });

/** What one reporter may report; a list that is left out restricts nothing. */
const allowanceSchema = z.strictObject({
  projects: z.array(pattern).min(1).optional(),
  ids: z.array(pattern).min(1).optional(),
});
export type Allowance = z.infer<typeof allowanceSchema>;

/** `sources.X.reports` of settings.json; a source without it takes no reports. */
export const reportsSchema = z.strictObject({
  /** Whether a report of a job that has no record makes one. */
  create: z.boolean().default(false),
  /** By the e-mail address of its verified token, what a reporter may report; anybody else, nothing. */
  from: z.record(email, allowanceSchema).default({}),
  /** Whether each job needs a token of its own besides, for reporters that share one account. */
  tokens: z.boolean().default(false),
});
export type ReportsSettings = z.infer<typeof reportsSchema>;

/** What the reporter with that e-mail address may report; `undefined` for nothing. */
export function allowanceOf({ from }: ReportsSettings, by: string): Allowance | undefined {
  return Object.entries(from).find(([address]) => address.toLowerCase() === by.toLowerCase())?.[1];
}

/** Whether `allowance` covers the job with that id; its project, `null` where it has none, matters only where any is named. */
export function covers({ projects, ids }: Allowance, id: string, project: string | null): boolean {
  const isIn = (name: string) => (one: string) =>
    one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one;
  if (ids && !ids.some(isIn(id))) return false;
  return !projects || (project !== null && projects.some(isIn(project)));
}
