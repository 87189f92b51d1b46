import { GoogleProblem, problemOf } from '../google/problem.ts';

/**
 * The refusals of Cloud Storage: its bodies have a list of reasons, and no `status`
 * (https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes).
 */
export class StorageProblem extends GoogleProblem {
  readonly reason: string;
  constructor(code: number, reason: string, message: string, more: object = {}) {
    super(code, problemOf(code, message).status, message, more);
    this.reason = reason;
  }

  override body(): object {
    const { code, message, reason, more } = this;
    return { error: { code, message, errors: [{ message, domain: 'global', reason, ...more }] } };
  }
}

const REASONS: Record<number, string> = {
  400: 'invalid',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  408: 'requestTimeout',
  409: 'conflict',
  412: 'conditionNotMet',
  429: 'rateLimitExceeded',
  500: 'internalError',
  503: 'backendError',
};

/** The refusal of an HTTP status, for its usual reason. */
export function storageProblem(code: number, message: string, more: object = {}): StorageProblem {
  return new StorageProblem(code, REASONS[code] ?? 'unknown', message, more);
}

export const badRequest = (message: string) => storageProblem(400, message);

export const noBucket = () => storageProblem(404, 'The specified bucket does not exist.');

export const noObject = (bucket: string, name: string) =>
  storageProblem(404, `No such object: ${bucket}/${name}`);

export const preconditionFailed = () =>
  storageProblem(412, 'At least one of the pre-conditions you specified did not hold.', {
    locationType: 'header',
    location: 'If-Match',
  });

export const underHold = (bucket: string, name: string, kind: 'Temporary' | 'Event-Based') =>
  new StorageProblem(
    403,
    'objectUnderActiveHold',
    `Object '${bucket}/${name}' is under active ${kind} hold and cannot be deleted, overwritten or archived until hold is removed.`,
  );

export const retained = (bucket: string, name: string, until: Date) =>
  new StorageProblem(
    403,
    'retentionPolicyNotMet',
    `Object '${bucket}/${name}' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until ${until.toISOString()}`,
  );

/** A missing permission on a project, a bucket or an object. */
export const denied = (permission: string, on: 'project' | 'Storage bucket' | 'Storage object') =>
  storageProblem(
    403,
    `nightshift@example.iam.gserviceaccount.com does not have ${permission} access to the Google Cloud ${on}. Permission '${permission}' denied on resource (or it may not exist).`,
  );
