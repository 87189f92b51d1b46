import { GoogleAuth, UserRefreshClient } from 'google-auth-library';
import { withDeadline } from '../../../functions/shared/concurrency.ts';
import { shell } from '../../shared/shell.ts';
import { firstSentence } from '../../words/terminal.ts';
import { unreachable } from './problem.ts';

const LIMIT_MS = 15_000;
const REMEDY =
  'Set NIGHTSHIFT_ID_TOKEN="$(gcloud auth print-identity-token)", or act as a service account: ' +
  'gcloud auth application-default login --impersonate-service-account=ACCOUNT';

/** An ID token for the function at `url`: the one of NIGHTSHIFT_ID_TOKEN, else one of the caller's credentials. */
export async function idTokenFor(url: URL): Promise<string> {
  const given = shell().env.NIGHTSHIFT_ID_TOKEN?.trim();
  if (given) return given;
  const audience = audienceOf(url);
  try {
    return await withDeadline(mint(audience), LIMIT_MS, 'fetching an ID token');
  } catch (error) {
    throw unreachable(`Cannot get an ID token for ${audience}: ${firstSentence(error)}. ${REMEDY}`, error);
  }
}

/** What a token must name to be accepted: the service, or the function where many share one host. */
export function audienceOf(url: URL): string {
  if (!url.hostname.endsWith('.cloudfunctions.net')) return url.origin;
  return `${url.origin}/${url.pathname.split('/')[1] ?? ''}`;
}

async function mint(audience: string): Promise<string> {
  const { idTokenProvider } = await new GoogleAuth().getIdTokenClient(audience);
  // Google gives a person's credentials a token too, but for gcloud's own audience: every function refuses it.
  if (idTokenProvider instanceof UserRefreshClient)
    throw new Error("a person's credentials cannot name an audience");
  return idTokenProvider.fetchIdToken(audience);
}
