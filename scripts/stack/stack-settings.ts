import { PLATFORM_SOURCES } from '../../functions/shared/model/day/platform.ts';
import { reportsSchema } from '../../functions/shared/model/report/settings.ts';
import { SECTIONS } from '../../functions/shared/model/workload/tables/table.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import type { StandIns } from './stand-ins.ts';

/**
 * `settings` over stand-ins. Beside an emulator nothing real is ever asked: an address stays only when it is on this
 * machine, and the stand-ins know no project but the stack's. The source `jobs` takes reports, and makes records for them.
 */
export function overStandIns(
  settings: Settings,
  { baseUrls, statusUrl, wandbUrl }: Pick<StandIns, 'baseUrls' | 'statusUrl' | 'wandbUrl'>,
): Settings {
  const { metrics, artifacts, sources, workloads } = structuredClone(settings);
  for (const source of PLATFORM_SOURCES) delete metrics[source]?.googleProject;
  delete artifacts.vertexModels?.googleProject;
  for (const section of SECTIONS) {
    const own = workloads[section];
    if (own && 'googleProject' in own) delete own.googleProject;
    if (own && 'entity' in own && !isHere(own.baseUrl)) own.baseUrl = wandbUrl;
  }
  for (const { backend } of Object.values(sources)) {
    if (backend?.kind !== 'http') delete backend?.googleProject;
    else if (!isHere(backend.url)) backend.url = statusUrl;
  }
  // Beside an emulator nobody is asked who they are, so that a first report needs no settings.
  const { jobs } = sources;
  if (jobs && !jobs.group) jobs.reports ??= reportsSchema.parse({ create: true });
  const own = Object.entries(settings.baseUrls).filter(([, url]) => isHere(url));
  const merged = { ...baseUrls, ...Object.fromEntries(own) };
  return { ...settings, metrics, artifacts, sources, workloads, baseUrls: merged };
}

/** The schemas allow http:// for this machine alone. */
function isHere(url: string): boolean {
  return url.startsWith('http://');
}
