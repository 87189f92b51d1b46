import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** An emulator on this machine: where it is, how a person calls it, and what Java must be given to start it. */
export interface EmulatorJar {
  path: string;
  words: string;
  javaArguments: string[];
}

/** The emulators that other tools have installed here, the best first. */
export function installedJars(env: NodeJS.ProcessEnv): EmulatorJar[] {
  return [...gcloudJars(env), ...firebaseJars(env)];
}

/** An emulator as Firebase publishes it, which can be started by itself. */
export function firebaseJar(path: string, words: string): EmulatorJar {
  return { path, words, javaArguments: ['-jar', path] };
}

function gcloudJars(env: NodeJS.ProcessEnv): EmulatorJar[] {
  return [...new Set(gcloudRoots(env))]
    .map((root) => join(root, 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar'))
    .filter((path) => existsSync(path))
    .slice(0, 1)
    .map((path) => ({
      path,
      words: "gcloud's Firestore emulator",
      // This jar names no main class.
      javaArguments: ['-cp', path, 'com.google.cloud.datastore.emulator.firestore.CloudFirestore'],
    }));
}

function gcloudRoots(env: NodeJS.ProcessEnv): string[] {
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'gcloud'))
    .filter((path) => existsSync(path))
    // What stands on the PATH is often a link into the SDK.
    .map((path) => dirname(dirname(realpathSync(path))));
  return [
    ...(env.CLOUDSDK_ROOT_DIR ? [env.CLOUDSDK_ROOT_DIR] : []),
    ...onPath,
    join(homedir(), 'google-cloud-sdk'),
    '/usr/lib/google-cloud-sdk',
    '/usr/local/google-cloud-sdk',
    '/opt/google-cloud-sdk',
    '/snap/google-cloud-cli/current',
    '/opt/homebrew/share/google-cloud-sdk',
    '/usr/local/share/google-cloud-sdk',
  ];
}

function firebaseJars(env: NodeJS.ProcessEnv): EmulatorJar[] {
  const folder = env.FIREBASE_EMULATORS_PATH || join(homedir(), '.cache/firebase/emulators');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^cloud-firestore-emulator-v([\d.]+)\.jar$/.exec(name)?.[1] ?? [])
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((version) =>
      firebaseJar(
        join(folder, `cloud-firestore-emulator-v${version}.jar`),
        `Firebase's Firestore emulator ${version}`,
      ),
    );
}
