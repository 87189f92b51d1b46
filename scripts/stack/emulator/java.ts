import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StackProblem } from '../../shared/problem.ts';

const run = promisify(execFile);

/** The class files of the pinned emulator, and of gcloud's, are of version 55. */
const OLDEST_JAVA = 11;

/** The path of a Java that can run the emulator. Throws the command that installs one when there is none. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string> {
  let tooOld: string | undefined;
  for (const java of candidates(env)) {
    const version = await majorVersion(java, env);
    if (version === undefined) continue;
    if (version >= OLDEST_JAVA) return java;
    tooOld ??= `it needs Java ${OLDEST_JAVA} or newer, and this is Java ${version}`;
  }
  throw new StackProblem(
    `Cannot start the Firestore emulator: ${tooOld ?? 'no Java was found'}. Run: ${installCommand()}`,
  );
}

/** The major version that `java -version` tells; 8 and older call themselves 1.x. */
export function parseJavaVersion(text: string): number | undefined {
  const [, major, minor] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : Number(major === '1' ? minor : major);
}

/** The command that installs a Java fit for the emulator on this kind of machine. */
export function installCommand(version = 17, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin') return `brew install openjdk@${version}`;
  if (platform === 'win32') return `winget install EclipseAdoptium.Temurin.${version}.JRE`;
  return version === 17
    ? 'apt-get install default-jre-headless'
    : `apt-get install openjdk-${version}-jre-headless`;
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  const home = env.JAVA_HOME ? [join(env.JAVA_HOME, 'bin', 'java')] : [];
  // Homebrew leaves its Java off the PATH, and /usr/bin/java of macOS only says that there is none.
  const brewed =
    process.platform === 'darwin' ? ['/opt/homebrew', '/usr/local', join(homedir(), 'homebrew')] : [];
  return [
    'java',
    ...home,
    ...brewed.flatMap((prefix) =>
      ['openjdk@17', 'openjdk@21', 'openjdk'].map((name) => `${prefix}/opt/${name}/bin/java`),
    ),
  ];
}

async function majorVersion(java: string, env: NodeJS.ProcessEnv): Promise<number | undefined> {
  try {
    return parseJavaVersion((await run(java, ['-version'], { env, timeout: 20_000 })).stderr);
  } catch {
    return undefined;
  }
}
