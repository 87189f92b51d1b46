import { readStack } from '../../stack/state.ts';
import { placeOf } from '../target.ts';

/** The place in words that the function at `url` writes to; `undefined` where that is an emulator. */
export function realPlaceOf(url: URL): string | undefined {
  if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) {
    const [, project] = /^[a-z]+-[a-z]+\d+-(.+)\.cloudfunctions\.net$/.exec(url.hostname) ?? [];
    return project ? placeOf({ kind: 'real', project }) : `the Google Cloud project of ${url.host}`;
  }
  // A function that was started by hand writes to the project that its shell names.
  const { GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: host } = process.env;
  return project && !host && !readStack() ? placeOf({ kind: 'real', project }) : undefined;
}

/** What the days are collected in. An emulator forgets all when its stack ends, so the next stack is another target. */
export function targetOf({ host, origin, href }: URL): { host: string; identity: string } {
  const stack = readStack();
  const ofStack = stack !== undefined && new URL(stack.gatewayUrl).origin === origin;
  return { host, identity: ofStack ? `${href} ${stack.startedAt}` : href };
}
