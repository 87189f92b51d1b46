import { z } from 'zod';

/** The reason of a Google API for a refusal. */
export interface GoogleError {
  /** Google's words, short and without secrets, such as `PERMISSION_DENIED: Permission 'run.services.list' denied`. */
  words: string;
  /** The permission that Google names as missing. */
  permission: string | null;
  /** An API that was never enabled refuses with 403 too, but no permission would help. */
  disabled: boolean;
  /** BigQuery answers 403 where other APIs answer 429. */
  rateLimited: boolean;
  /** A hold or a retention policy forbids it: Cloud Storage answers 403, and no permission would help. */
  held: boolean;
  /** What was asked for does not exist; a method, a location or a project that does not exist is something else. */
  missing: boolean;
  /** The API has no such region, or none that this project may use. */
  noSuchPlace: boolean;
}

const WORDS_LENGTH = 500;
const RATE_LIMITS = ['rateLimitExceeded', 'userRateLimitExceeded'];
/** The begin of a 404 that is not about what was asked for. */
const ELSEWHERE = /^(the )?(requested )?(method|url|location|region|project)\b/i;
/** The ways in which Google's APIs word that a region is unknown to them, or closed to a project. */
const NO_SUCH_PLACE =
  /\b(unsupported|unknown|invalid|unrecognized) (location|region)\b|\b(location|region)\b.{0,80}\b(not (found|supported|available|allowed|valid|exist)|does not exist|is (invalid|unsupported))|\bin this region\b/i;
/** Answers are hostile text: no pattern here may be tried again over what it has already gone through. */
const TAG = /<[^<>]*>/g;
/** What begins as a token and lacks the rest of one is matched, too, and stays. */
const CREDENTIAL = /Bearer\s+\S+|ya29\.[\w.-]+|(eyJ[\w-]+)(\.[\w-]+\.[\w-]*)?/g;
/** https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes, below 403. */
const HOLDS = ['objectUnderActiveHold', 'retentionPolicyNotMet'];

/** The body of an error, as https://google.aip.dev/193 has it; `errors` is the older form that BigQuery still sends. */
const bodySchema = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).default([]),
    details: z
      .array(
        z.object({
          reason: z.string().optional(),
          metadata: z.record(z.string(), z.string()).optional(),
        }),
      )
      .default([])
      // Details of another form do not cost the message.
      .catch([]),
  }),
});

/** Reads the body of an answer that is no success: Google's JSON, or whatever a proxy on the way may have sent. */
export function readGoogleError(body: string): GoogleError {
  const parsed = bodySchema.safeParse(jsonOf(body));
  if (!parsed.success)
    return {
      words: plain(body),
      permission: null,
      disabled: false,
      rateLimited: false,
      held: false,
      missing: false,
      noSuchPlace: false,
    };
  const { message, status, errors, details } = parsed.data.error;
  const reasons = [...errors, ...details].map(({ reason }) => reason ?? '');
  const named = details.find(({ metadata }) => metadata?.permission)?.metadata?.permission;
  return {
    words: plain([status, message].filter(Boolean).join(': ')),
    permission: named ?? permissionIn(message),
    disabled: reasons.includes('SERVICE_DISABLED') || reasons.includes('accessNotConfigured'),
    rateLimited: reasons.some((reason) => RATE_LIMITS.includes(reason)),
    held: reasons.some((reason) => HOLDS.includes(reason)),
    missing: status === 'NOT_FOUND' && !ELSEWHERE.test(message),
    noSuchPlace: NO_SUCH_PLACE.test(message),
  };
}

/** Every API words a denial in its own way, but each puts one of these words before the name of the permission. */
function permissionIn(message: string): string | null {
  const [, name] = /\b(?:permission|have|required)\s+['"]?((?:[a-z]\w*\.){2,}\w+)/i.exec(message) ?? [];
  return name ?? null;
}

/**
 * Puts a text on one line, cuts it off, and removes what could be a credential. Half a character, as JSON may hold it, becomes
 * a sign for one: Firestore stores no other text.
 */
export function plain(text: string, length = WORDS_LENGTH): string {
  return text
    .replace(TAG, ' ')
    .replace(CREDENTIAL, (found, token: string | undefined, rest: string | undefined) =>
      token !== undefined && rest === undefined ? found : '[credential]',
    )
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, length)
    .toWellFormed();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
