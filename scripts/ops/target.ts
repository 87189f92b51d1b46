import { readEnvironment } from '../../functions/shared/environment.ts';
import type { StackState } from '../stack/state.ts';
import { OpsProblem } from './problem.ts';

/** Which Firestore a command talks to. */
export type Target =
  | { kind: 'emulator'; project: string; host: string }
  | { kind: 'stack'; project: string; host: string }
  | { kind: 'real'; project: string };

const LOCAL_PROJECT = readEnvironment({}).GOOGLE_CLOUD_PROJECT;

/**
 * An emulator that was named wins over the running stack, and that over a real project, which must be named too:
 * nobody reaches real records by accident.
 */
export function resolveTarget(
  variables: NodeJS.ProcessEnv,
  stack: Pick<StackState, 'emulatorHost' | 'project'> | undefined,
): Target {
  const project = variables.GOOGLE_CLOUD_PROJECT;
  const host = variables.FIRESTORE_EMULATOR_HOST;
  if (host) return { kind: 'emulator', host, project: project || LOCAL_PROJECT };
  if (stack) return { kind: 'stack', host: stack.emulatorHost, project: stack.project };
  if (project) return { kind: 'real', project };
  throw new OpsProblem('No stack is running and GOOGLE_CLOUD_PROJECT is not set. Start the stack: npm start');
}

/**
 * Paths of what `target` is read by: the settings that were named, else those of the stack that it is, whose clock it goes
 * by; `undefined` for the built-in settings, and for real time.
 */
export function filesOf(
  target: Target,
  variables: NodeJS.ProcessEnv,
  stack: Pick<StackState, 'emulatorHost' | 'project' | 'settings' | 'clockFile'> | undefined,
): { settings: string | undefined; clockFile: string | undefined } {
  const isStack =
    target.kind !== 'real' && target.host === stack?.emulatorHost && target.project === stack.project;
  const own = isStack ? stack : undefined;
  return {
    settings: variables.NIGHTSHIFT_SETTINGS || own?.settings,
    clockFile: variables.NIGHTSHIFT_CLOCK_FILE || own?.clockFile,
  };
}

/** The place in words, `googleProject` and `database` being those of a source that lies elsewhere. */
export function placeOf(
  target: Target,
  { googleProject, database }: { googleProject?: string | undefined; database?: string | undefined } = {},
): string {
  const project = googleProject ?? target.project;
  const where =
    target.kind === 'real'
      ? `Google Cloud project ${project}`
      : `the Firestore emulator at ${target.host} (project ${project})`;
  return database && database !== '(default)' ? `${where}, database ${database}` : where;
}
