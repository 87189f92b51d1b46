import type { ApiOptions } from '../../../functions/shared/cloud/rest/rest.ts';
import type { ApiName } from '../../../functions/shared/model/google-apis.ts';
import { CannotCheck } from './check.ts';
import { type Connection, SILENT } from './connect.ts';

/** How a Google API is asked, as the functions ask it. Throws CannotCheck beside an emulator without a stand-in. */
export function apiOf({ target, settings }: Pick<Connection, 'target' | 'settings'>) {
  return (api: ApiName, { googleProject }: { googleProject?: string | undefined } = {}): ApiOptions => {
    const baseUrl = settings.baseUrls[api];
    if (target.kind !== 'real' && !baseUrl)
      throw new CannotCheck(`beside an emulator only a stand-in is asked, and baseUrls.${api} names none`);
    return { project: googleProject ?? target.project, baseUrl, log: SILENT };
  };
}
