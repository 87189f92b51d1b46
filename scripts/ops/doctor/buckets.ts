import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { duration } from '../../words/figures.ts';
import { apiOf } from '../shared/api-of.ts';
import { CALL_LIMIT_MS, type Check } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';

const WANTED_DAYS = 7;

/** Whether each bucket that may be cleaned is there, and whether what is deleted from it can be had back. */
export function bucketChecks(connection: Connection): Check[] {
  const { buckets, irreversible } = connection.settings.artifacts;
  return buckets.map((name) => ({
    group: 'Buckets',
    what: name,
    async look() {
      const { cloudObjects } = await import('../../../functions/shared/cloud/storage/objects.ts');
      const objects = cloudObjects(apiOf(connection)('storage'));
      const { softDeleteSeconds, location } = await objects.bucket(name, { limitMs: CALL_LIMIT_MS });
      if (softDeleteSeconds > 0) {
        const kept = duration(softDeleteSeconds * SECOND_MS);
        return { state: 'ok', words: `in ${location}; what is deleted can be restored for ${kept}` };
      }
      const words = `in ${location}, without soft delete: what is deleted is gone`;
      if (irreversible) return { state: 'ok', words: `${words}, as artifacts.irreversible allows` };
      return {
        state: 'wrong',
        words: `${words}, so nothing in it is ever deleted`,
        mend: `gcloud storage buckets update gs://${name} --soft-delete-duration=${WANTED_DAYS}d`,
      };
    },
    fix: (error) =>
      error instanceof UpstreamError && error.status === 404
        ? 'create it, or take it out of artifacts.buckets'
        : undefined,
  }));
}
