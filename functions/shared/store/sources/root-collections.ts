import type { Firestore } from '@google-cloud/firestore';
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { grpcCode, isTransient, withTimeout } from '../firestore/firestore.ts';

/** gRPC's PERMISSION_DENIED, which does not name the permission that is missing. */
const DENIED = 7;
/** What the call needs: https://firebase.google.com/docs/firestore/security/iam. */
const PERMISSION = 'datastore.entities.list';

/** The collections at the root of one database. */
export interface RootCollections {
  /**
   * Returns how many there are now; reads no document. Rejects with UpstreamError, with DeadlineExceeded, or with the
   * reason of the signal.
   */
  count(limits: { limitMs: number; signal?: AbortSignal | undefined }): Promise<number>;
}

/** `project` names the database's project in errors. */
export function rootCollections(
  db: Firestore,
  { project, log }: { project: string; log: Log },
): RootCollections {
  const operation = `Firestore listCollectionIds (project ${project}, database ${db.databaseId})`;
  return {
    async count({ limitMs, signal }) {
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
