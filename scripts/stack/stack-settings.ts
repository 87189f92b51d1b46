import { PLATFORM_SOURCES } from '../../functions/shared/model/platform.ts';
import type { Settings } from '../../functions/shared/settings.ts';

/**
 * `settings` over stand-ins of Google's APIs. Beside an emulator no real API is ever asked: an address of theirs stays
 * only when it is on this machine, and the stand-ins know no project but the stack's.
 */
export function overStandIns(settings: Settings, standIns: Settings['baseUrls']): Settings {
  const { metrics, artifacts } = structuredClone(settings);
  for (const source of PLATFORM_SOURCES) delete metrics[source]?.googleProject;
  delete artifacts.vertexModels?.googleProject;
  // The schema allows http:// for this machine alone.
  const own = Object.entries(settings.baseUrls).filter(([, url]) => url.startsWith('http://'));
  return { ...settings, metrics, artifacts, baseUrls: { ...standIns, ...Object.fromEntries(own) } };
}
