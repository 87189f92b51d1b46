import type { Firestore } from '@google-cloud/firestore';
import { plainOf } from '../../../functions/shared/store/firestore/firestore.ts';
import { openTestFirestore } from '../../support/firestore.ts';
import { freshFile } from '../../support/folders.ts';
import { type Given, ops } from '../../support/ops.ts';

/** A project of its own on the emulator, and `ops` talking to it. */
export function freshProject() {
  const { db, project, end } = openTestFirestore();
  return {
    project,
    db,
    ops: (args: readonly string[], { env = {}, input = '' }: Omit<Given, 'signal'> = {}) =>
      ops(args, { env: { GOOGLE_CLOUD_PROJECT: project, ...env }, input }),
    /** Every document of a collection, by id, times as Date. */
    async documents(collection: string, of: Firestore = db): Promise<Record<string, unknown>> {
      const { docs } = await of.collection(collection).get();
      return Object.fromEntries(docs.map((document) => [document.id, plainOf(document.data())]));
    },
    end,
  };
}

/** A settings file with these sources; returns its path. */
export function settingsFile(sources: Record<string, unknown>): string {
  return freshFile(
    'settings.json',
    JSON.stringify({ collectionPrefix: '', failuresBeforeAlarm: 3, sources }),
  );
}
