import { type ApiName, addressOf, GOOGLE_APIS } from '../../model/google-apis.ts';
import { type ApiOptions, type RestApi, restApi } from './rest.ts';
import type { Transport } from './transport.ts';

/** A Google API over REST, at Google's own address unless the options name another one. Throws as `restApi` does. */
export function googleApi(
  api: ApiName,
  options: ApiOptions,
  { region, transport }: { region?: string; transport?: Transport } = {},
): RestApi {
  return restApi(GOOGLE_APIS[api].name, addressOf(api, region), options, transport);
}
