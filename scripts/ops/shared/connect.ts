import { connect as connectSocket } from 'node:net';
import type { Firestore } from '@google-cloud/firestore';
import { type Clock, clockOf } from '../../../functions/shared/clock.ts';
import { withDeadline } from '../../../functions/shared/concurrency.ts';
import type { Environment } from '../../../functions/shared/environment.ts';
import { DeadlineExceeded } from '../../../functions/shared/errors.ts';
import { createLog } from '../../../functions/shared/log.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { loadSettings, type Settings } from '../../../functions/shared/settings.ts';
import type { Collections } from '../../../functions/shared/store/own/collections.ts';
import { closedAtEnd, shell } from '../../shared/shell.ts';
import { readStack } from '../../stack/state.ts';
import { firstLine, firstSentence } from '../../words/terminal.ts';
import { unreachable } from './problem.ts';
import { environmentOf, placeOf, resolveTarget, type Target } from './target.ts';

/** How long a Firestore call may take before it is reported as failed. */
const CALL_LIMIT_MS = 15_000;
const REACH_LIMIT_MS = 3_000;
/** For stores that log every call: an operator reads results. */
export const SILENT = createLog({}, () => undefined);
/** For stores that count what they read: an operator reads little. */
export const uncounted = () => ({ tally: { documents: 0 } });

/** An open way to Firestore. */
export interface Connection {
  target: Target;
  environment: Environment;
  settings: Settings;
  /** The one that its functions go by. */
  clock: Clock;
  collections: Collections;
  /** Opens the database that a source lies in. */
  openSource(source: Pick<Source, 'googleProject' | 'database'>): Firestore;
  /** Waits for a Firestore call. Rejects with an OpsProblem of one line, in which `operation` is what was asked. */
  ask<T>(operation: string, call: Promise<T>, place?: string): Promise<T>;
}

/** Connects to the Firestore of the running stack, of an emulator that was named, or of a real project. */
export async function connect(): Promise<Connection> {
  const { env } = shell();
  const stack = readStack(env);
  const target = resolveTarget(env, stack);
  if (target.kind === 'real') await requireCredentials(placeOf(target));
  else await useEmulator(target, env);
  const environment = environmentOf(target, env, stack);
  const settings = loadSettings(environment);
  // Loaded here and not above: the client takes 300 ms, and `ops --help` must be quick.
  const { databases } = await import('../../../functions/shared/store/firestore/firestore.ts');
  const { collections } = await import('../../../functions/shared/store/own/collections.ts');
  const openDatabase = databases(environment);
  const databaseOf: typeof openDatabase = (where) => closedAtEnd(openDatabase(where));
  return {
    target,
    environment,
    settings,
    clock: clockOf(environment),
    collections: collections(databaseOf(), settings.collectionPrefix),
    openSource: databaseOf,
    ask: async (operation, call, place = placeOf(target)) => {
      try {
        return await withDeadline(call, CALL_LIMIT_MS, operation);
      } catch (error) {
        throw explain(error, operation, place);
      }
    },
  };
}

async function useEmulator(target: Exclude<Target, { kind: 'real' }>, env: NodeJS.ProcessEnv): Promise<void> {
  // The Firestore client reads it from there alone.
  env.FIRESTORE_EMULATOR_HOST = target.host;
  // Else the auth library looks for Google's metadata server, seconds long.
  env.METADATA_SERVER_DETECTION = 'none';
  if (await listens(target.host)) return;
  const remedy = target.kind === 'stack' ? 'Start' : 'Unset FIRESTORE_EMULATOR_HOST and start';
  throw unreachable(`Cannot reach ${placeOf(target)}: nothing listens there. ${remedy} the stack: npm start`);
}

/** Looks for credentials before the Firestore client does, whose failure to find any would end the process. */
export async function requireCredentials(place: string): Promise<void> {
  const { GoogleAuth } = await import('google-auth-library');
  try {
    await withDeadline(new GoogleAuth().getClient(), CALL_LIMIT_MS, 'looking for credentials');
  } catch (error) {
    throw unreachable(
      `Cannot log in to ${place}: ${firstSentence(error)}. Run: gcloud auth application-default login`,
      error,
    );
  }
}

/** Whether something accepts connections at `host:port`; the Firestore client would try for a minute to find out. */
function listens(hostAndPort: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const { hostname, port } = URL.parse(`http://${hostAndPort}`) ?? { hostname: hostAndPort, port: '' };
  const socket = connectSocket({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) });
  socket.setTimeout(REACH_LIMIT_MS);
  socket.once('connect', () => resolve(true));
  socket.once('timeout', () => resolve(false));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

const WORDS_OF_CODE: Record<number, string> = {
  3: 'refused',
  5: 'does not know the database or document for',
  7: 'denied',
  9: 'cannot do',
  14: 'is out of reach for',
  16: 'knows nobody who may ask for',
};

/** `error` of a Firestore call in one line; anything that is no answer of Firestore stays as it is. */
export function explain(error: unknown, operation: string, place: string, limitMs = CALL_LIMIT_MS): unknown {
  if (error instanceof DeadlineExceeded)
    return unreachable(`Cannot reach ${place}: no answer to ${operation} within ${limitMs / 1000} s`);
  if (!(error instanceof Error)) return error;
  const { message } = error;
  const code = Reflect.get(error, 'code');
  const words = typeof code === 'number' ? WORDS_OF_CODE[code] : undefined;
  // Room for the link that creates a missing index.
  return words === undefined
    ? error
    : unreachable(`${capital(place)} ${words} ${operation}: ${firstLine(message, 1000)}`, error);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
