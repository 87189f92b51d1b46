import { region as regionForm } from '../../model/forms.ts';
import type { Placed } from '../../model/job/backend.ts';

/** A resource in a location of a Google Cloud project. */
export interface Resource {
  project: string;
  region: string;
  /** The ids in its name below the location, outermost first. A short name has only the last ones. */
  ids: string[];
  placed: Placed;
}

/** The place of names that name none. */
export interface Home {
  project: string;
  region: string | undefined;
  /** Whether the settings name both. */
  placed: Placed;
}

/** Returns the place of names that name none: that of the settings, else `region` and Nightshift's own `project`. */
export function homeOf(
  settings: { googleProject?: string | undefined; region?: string | undefined },
  project: string,
  region?: string,
): Home {
  const placed = settings.googleProject && settings.region ? 'named' : 'guessed';
  return { project, region: settings.region ?? region, placed };
}

/** A project's id, which may follow a domain, or its number: https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects. */
const PROJECT = /^([a-z0-9][a-z0-9.-]*:)?[a-z0-9][a-z0-9-]*$/;
const ID = /^[A-Za-z0-9][\w-]{0,127}$/;

/**
 * Parses a name: a full one, such as `projects/P/locations/R/jobs/J/executions/E`, or one of the last ids, such as
 * `J/executions/E` or `E`. Returns `null` for any other form, so that no name can reach another resource, and for a short
 * name where `home` has no region.
 */
export function readResource(name: string, collections: readonly string[], home: Home): Resource | null {
  const parts = name.split('/');
  const full = parts[0] === 'projects' && parts[2] === 'locations';
  const { project, region } = full ? { project: parts[1], region: parts[3] } : home;
  // A full name goes on with a collection, a short one begins with an id: every second part is an id.
  const ids = (full ? parts.slice(4) : ['', ...parts]).filter((_, place) => place % 2 === 1);
  const below = ids.flatMap((id, place) => [collections.at(place - ids.length), id]);
  const form = full ? ['projects', project, 'locations', region, ...below] : below.slice(1);
  if (form.join('/') !== name || ids.length > collections.length) return null;
  if (full && ids.length < collections.length) return null;
  if (!project || !PROJECT.test(project) || !region || !isRegion(region)) return null;
  const placed = full ? 'named' : home.placed;
  return ids.every((id) => ID.test(id)) ? { project, region, ids, placed } : null;
}

function isRegion(text: string): boolean {
  return text === 'global' || regionForm.safeParse(text).success;
}
