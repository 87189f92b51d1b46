import { type Clock, clockOf } from '../../../functions/shared/clock.ts';
import { type Environment, readEnvironment } from '../../../functions/shared/environment.ts';
import { chosenPlace, shell } from '../../shared/shell.ts';
import { readStack, type StackState } from '../../stack/state.ts';
import { unreachable, usage } from './problem.ts';

/** Which Firestore a command talks to. */
export type Target =
  | { kind: 'emulator'; project: string; host: string }
  | { kind: 'stack'; project: string; host: string }
  | { kind: 'real'; project: string };

const LOCAL_PROJECT = readEnvironment({}).GOOGLE_CLOUD_PROJECT;

/**
 * An emulator that was named wins; else a project that was named, or the running stack. Where both are there and are not the
 * same, it is not clear which is meant, and this throws, so that real records are never reached by accident.
 */
export function resolveTarget(
  variables: NodeJS.ProcessEnv,
  stack: Pick<StackState, 'emulatorHost' | 'project'> | undefined,
): Target {
  const chosen = chosenPlace().project;
  const project = chosen ?? variables.GOOGLE_CLOUD_PROJECT;
  const host = variables.FIRESTORE_EMULATOR_HOST;
  if (host) return { kind: 'emulator', host, project: project || LOCAL_PROJECT };
  // --project is typed for this very command, so that nothing is left to guess.
  if (stack && chosen !== undefined && chosen !== stack.project) return { kind: 'real', project: chosen };
  if (stack && project && project !== stack.project)
    throw usage(
      `Cannot tell which is meant: GOOGLE_CLOUD_PROJECT names ${project}, and a stack runs here whose project is ${stack.project}. Add --project ${project} or --project ${stack.project}`,
    );
  if (stack) return { kind: 'stack', host: stack.emulatorHost, project: stack.project };
  if (project) return { kind: 'real', project };
  throw unreachable(
    'No stack is running and no project is named. Start the stack: npm start, or add --project PROJECT',
  );
}

/** The stack whose records `target` is; `undefined` where it is none's. */
export function stackOf<T extends Pick<StackState, 'emulatorHost' | 'project'>>(
  target: Target,
  stack: T | undefined,
): T | undefined {
  const isIts =
    target.kind !== 'real' && target.host === stack?.emulatorHost && target.project === stack.project;
  return isIts ? stack : undefined;
}

/**
 * The environment that `target` is looked at by. Of a stack it is the stack's own, whatever this shell exports for another
 * deployment: its settings, catalogue, database, region and clock.
 */
export function environmentOf(
  target: Target,
  variables: NodeJS.ProcessEnv,
  stack: StackState | undefined,
): Environment {
  const own = stackOf(target, stack);
  const { region } = chosenPlace();
  return readEnvironment({
    ...variables,
    GOOGLE_CLOUD_PROJECT: target.project,
    // Beside an emulator alone may a clock be set ahead.
    ...(target.kind !== 'real' && { FIRESTORE_EMULATOR_HOST: target.host }),
    ...(own && {
      NIGHTSHIFT_SETTINGS: own.settings,
      NIGHTSHIFT_CATALOG: own.catalog ?? '',
      NIGHTSHIFT_REGION: own.region,
      NIGHTSHIFT_CLOCK_FILE: own.clockFile,
      FIRESTORE_DATABASE: own.database,
    }),
    ...(region !== undefined && { NIGHTSHIFT_REGION: region }),
  });
}

/** The environment of what a command acts on by default. */
export function environmentHere(): Environment {
  const { env } = shell();
  const stack = readStack(env);
  return environmentOf(resolveTarget(env, stack), env, stack);
}

/** The clock of what a command acts on: of a stack its own, which may be set ahead. */
export function clockHere(): Clock {
  return clockOf(environmentHere());
}

/** The place in words, `googleProject` and `database` being those of a source that lies elsewhere. */
export function placeOf(
  target: Target,
  { googleProject, database }: { googleProject?: string | undefined; database?: string | undefined } = {},
): string {
  const project = googleProject ?? target.project;
  const where = wordsOf(target, project);
  return database && database !== '(default)' ? `${where}, database ${database}` : where;
}

function wordsOf(target: Target, project: string): string {
  switch (target.kind) {
    case 'real':
      return `Google Cloud project ${project}`;
    case 'stack':
      return `the local stack (project ${project})`;
    case 'emulator':
      return `the Firestore emulator at ${target.host} (project ${project})`;
  }
}
