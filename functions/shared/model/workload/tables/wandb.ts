import { z } from 'zod';
import { MINUTE_MS } from '../../../dates.ts';
import { baseUrl, distinct } from '../../forms.ts';
import type { WorkloadTable } from './table.ts';

/** Runs of Weights & Biases, of which some are active and others have ended: what both tables have in common. */

/** The variable that holds the key, as the client of W&B calls it. */
export const WANDB_KEY = 'WANDB_API_KEY';
/** It is sent a beat every 30 s, and calls a run crashed that has sent none for 5 minutes. */
const LATE_MS = 2 * MINUTE_MS;

export const wandbSettings = z.strictObject({
  /** Of a server of one's own. */
  baseUrl: baseUrl.default('https://api.wandb.ai'),
  /** The team or the person whose projects they are. */
  entity: z.string().regex(/^[A-Za-z0-9][\w-]{0,127}$/, { error: 'the name of a team or a person' }),
  projects: distinct(
    z.string().regex(/^(?!\s)[^/\\#?%:\p{Cc}]{1,128}(?<!\s)$/u, { error: 'the name of a project' }),
  )
    .min(1)
    .max(20),
});
export type WandbSettings = z.infer<typeof wandbSettings>;

/** The projects by the names that W&B shows, `entity/project`; neither part holds a slash. */
export function wandbProjects({ entity, projects }: Pick<WandbSettings, 'entity' | 'projects'>): string[] {
  return projects.map((project) => `${entity}/${project}`);
}

/** What the tables of active runs and of those that have ended have in common. */
export const wandbTable = {
  section: 'wandb',
  settings: wandbSettings,
  place: 'project',
  placesOf: (_, settings) => wandbProjects(settings),
  permissions: {},
} satisfies Omit<WorkloadTable<typeof wandbSettings>, 'title' | 'endsAgain'>;

/** The page of a run. The API of W&B's own servers has an address of its own, that of others is where their pages are. */
export function runLink({ baseUrl: api }: Pick<WandbSettings, 'baseUrl'>, place: string, id: string): string {
  const site = api.replace(/(?:\/api)?\/*$/, '').replace(/^https:\/\/api\.wandb\.ai$/, 'https://wandb.ai');
  return `${site}/${place.split('/').map(encodeURIComponent).join('/')}/runs/${encodeURIComponent(id)}`;
}

/** Since when a run is silent that should send beats; `null` where it sends them. */
export function silentSince(heartbeatAt: Date | null, now: Date): Date | null {
  return heartbeatAt && now.getTime() - heartbeatAt.getTime() > LATE_MS ? heartbeatAt : null;
}
