import type { Firestore } from '@google-cloud/firestore';
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { grpcCode, isTransient, withTimeout } from '../firestore/firestore.ts';

/** gRPC's PERMISSION_DENIED, which names no permission; what the call needs: https://firebase.google.com/docs/firestore/security/iam. */
const DENIED = 7;
const PERMISSION = 'datastore.entities.list';

/** The collections at the root of one database, which `project` tells in errors. */
export function rootCollections(db: Firestore, { project, log }: { project: string; log: Log }) {
  const operation = `Firestore listCollectionIds (project ${project}, database ${db.databaseId})`;
  return {
    /**
     * How many there are now; reads no document. Rejects with UpstreamError, with DeadlineExceeded, or with the reason
     * of the signal.
     */
    async count({ limitMs, signal }: { limitMs: number; signal?: AbortSignal | undefined }): Promise<number> {
      try {
        const listed = await withTimeout(log, operation, limitMs, db.listCollections(), signal);
        return listed.length;
      } catch (error) {
        if (!(error instanceof Error) || grpcCode(error) === undefined) throw error;
        const permission = grpcCode(error) === DENIED ? PERMISSION : null;
        const missing = permission ? `; missing permission: ${permission}` : '';
        throw new UpstreamError(
          `Cannot finish ${operation}: ${error.message}${missing}`,
          { retryable: isTransient(error), permission },
          { cause: error },
        );
      }
    },
  };
}

export type RootCollections = ReturnType<typeof rootCollections>;
