import type { BackendSettings, SettingsOf } from '../../model/job/backend.ts';
import type { Backend, BackendTools } from './backend.ts';
import { openCloudBuild } from './cloud-build/cloud-builds.ts';
import { openCloudRun } from './cloud-run/run-executions.ts';
import { openHttp } from './http/http-status.ts';
import { openVertexAi } from './vertex-ai/vertex-jobs.ts';

type Open<Settings> = (settings: Settings, tools: BackendTools) => Backend;

/** Opens each kind of backend. */
const OPEN_BACKEND: { [Kind in BackendSettings['kind']]: Open<SettingsOf<Kind>> } = {
  'vertex-ai': openVertexAi,
  'cloud-run': openCloudRun,
  'cloud-build': openCloudBuild,
  http: openHttp,
};

/** Opens the backend of a source. Throws InvalidConfiguration for an HTTP endpoint whose secret cannot be sent. */
export function openBackend(settings: BackendSettings, tools: BackendTools): Backend {
  const open = OPEN_BACKEND[settings.kind] as Open<BackendSettings>;
  return open(settings, tools);
}
