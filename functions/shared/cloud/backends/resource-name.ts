import { region as regionForm } from '../../model/forms.ts';
import type { Placed } from '../../model/job/backend.ts';

/** Something in a location of a Google Cloud project. */
export interface Resource {
  project: string;
  region: string;
  /** The ids in its name below the location, outermost first; of a short name the outer ones are missing. */
  ids: string[];
  placed: Placed;
}

/** Where names without a place belong. */
export interface Home {
  project: string;
  region: string | undefined;
  /** Whether the settings name both. */
  placed: Placed;
}

/** Where names without a place belong: settings may leave the region to `region`, and the project to Nightshift's own. */
export function homeOf(
  settings: { googleProject?: string | undefined; region?: string | undefined },
  project: string,
  region?: string,
): Home {
  const placed = settings.googleProject && settings.region ? 'named' : 'guessed';
  return { project, region: settings.region ?? region, placed };
}

/** https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects, some after a domain; or its number. */
const PROJECT = /^([a-z0-9][a-z0-9.-]*:)?[a-z0-9][a-z0-9-]*$/;
const ID = /^[A-Za-z0-9][\w-]{0,127}$/;

/**
 * The resource that `name` names: in full, such as `projects/P/locations/R/jobs/J/executions/E`, or by its last ids, such
 * as `J/executions/E` or `E`. `null` for anything else, so that no name ever reaches another resource, and for a short one
 * where `home` has no region.
 */
export function readResource(name: string, collections: readonly string[], home: Home): Resource | null {
  const parts = name.split('/');
  const full = parts[0] === 'projects' && parts[2] === 'locations';
  const { project, region } = full ? { project: parts[1], region: parts[3] } : home;
  // From a collection on, in full; from an id on, else.
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
