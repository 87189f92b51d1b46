/** Removes what could be a secret before a line of a log is shown or kept. Better too much than one too few. */

const GONE = '[redacted]';

/** Keys after which a value is a secret, whatever it looks like. */
const SECRET_KEY =
  '(?:api[-_ ]?key|access[-_ ]?key(?:[-_ ]?id)?|secret[-_ ]?(?:access[-_ ]?)?key|client[-_ ]?secret|passw(?:or)?d|passphrase|private[-_ ]?key|account[-_ ]?key|x-api-key)';
/** Keys that people write in sentences, too: `cannot update credentials: timed out`. */
const LIKELY_KEY =
  '(?:secret|token|credentials?|signature|cookie|authorization|(?<![A-Za-z])(?:sas|sig|pwd|dsn))';
/** JSON within a text has a backslash before its quotes. */
const QUOTE = '(?:\\\\{0,3}["\'`])?';
const EQUALS = `${QUOTE}\\s{0,3}[:=]\\s{0,3}${QUOTE}`;
const VALUE = '[^\\s"\'`,;&})\\]]';

/** In order: what is whole goes before what is a part of it. Each is bounded, or ends where its class of characters does. */
const SECRETS: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,40}-----)?/g, GONE],
  [
    /\b(authorization["'`]?\s{0,3}[:=]\s{0,3}["'`]?)(?:(?:basic|bearer|digest|token)\s{1,3})?[^\s"'`,]{3,}/gi,
    `$1${GONE}`,
  ],
  // As arguments of a command.
  [
    /(--(?:[a-z]{1,20}-)?(?:password|passwd|passphrase|token|secret|api[-_]?key)[ =]{1,3})[^\s-]\S{2,}/gi,
    `$1${GONE}`,
  ],
  [/((?:^|\s)(?:-u|--user)[ =]?)[^\s:]{1,80}:\S{1,200}/g, `$1${GONE}`],
  [/\b(\w{0,40}_(?:pass|auth|pwd)["'`]?=)\S{3,}/gi, `$1${GONE}`],
  [/\b((?:key|api|local)[:-])[A-Fa-f0-9]{40}\b/g, `$1${GONE}`],
  [/\bdapi[a-f0-9]{32}\b/g, GONE],
  [/\b(Bearer)(\s{1,3})[\w.~+/=:-]{8,}/gi, `$1$2${GONE}`],
  // Behind these a plain word may follow: `token embeddings`.
  [
    /\b([Bb]asic|[Dd]igest|[Tt]oken)(\s{1,3})(?=[\w.~+/=:-]{0,200}(?:\d|[a-z][A-Z]))[\w.~+/=:-]{8,}/g,
    `$1$2${GONE}`,
  ],
  [/\beyJ[\w-]{6,}(?:\.[\w-]{0,4000}){0,2}/g, GONE],
  [/\bya29\.[\w.-]+/g, GONE],
  [/\b1\/\/0[\w-]{20,}/g, GONE],
  [/\bAIza[\w-]{20,}/g, GONE],
  [/\bGOCSPX-[\w-]+/g, GONE],
  [/\bhf_\w{8,}/g, GONE],
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|dckr_pat_|xox[abeoprs]-|xapp-|sk-|sk_(?:live|test)_|rk_live_|nvapi-|r8_|gsk_|wandb_v1_|lin_api_|dop_v1_|shpat_|SG\.|sq0\w{3}-|whsec_)[\w.-]{8,}/g,
    GONE,
  ],
  [/\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}/g, GONE],
  [new RegExp(`(${SECRET_KEY}${EQUALS})(?!\\[redacted\\])${VALUE}{3,}`, 'gi'), `$1${GONE}`],
  [new RegExp(`(${LIKELY_KEY}["'\`]?=["'\`]?)(?!\\[redacted\\])${VALUE}{3,}`, 'gi'), `$1${GONE}`],
  [
    new RegExp(
      `(${LIKELY_KEY}${EQUALS})(?!\\[redacted\\]|projects/)(?:(?=${VALUE}{0,200}\\d)${VALUE}{6,}|${VALUE}{16,})`,
      'gi',
    ),
    `$1${GONE}`,
  ],
  // https://discord.com/api/webhooks/1/TOKEN, https://hooks.slack.com/services/T/B/TOKEN, bot tokens in a path.
  [/\b(hooks\.[\w.]{1,60}|discord(?:app)?\.com\/api\/webhooks|api\.telegram\.org)\/\S+/gi, `$1/${GONE}`],
];

/** A user name or a password before the host of an address. */
const LOGIN = /\b([a-z][a-z\d+.-]{1,30}:\/\/)[^\s/@"'<>]{1,500}@/gi;
/** What is behind ? or # of an address may sign it; the scheme says nothing to a reader. */
const ADDRESS = /\b(?:https?|wss?|ftp):\/\/([^\s"'<>?#)\]}]{1,2000})(?:[?#][^\s"'<>)\]}]*)?/gi;
const QUERY = /\?(?=[^\s?]{0,2000}(?:sig|signature|token|key|credential|x-(?:goog|amz)-)[\w%-]{0,40}=)\S+/gi;
/** A W&B key, a digest used as a key, or base64: nothing that anybody reads. */
const RANDOM =
  /(?<![\w+@:-])(?:[A-Fa-f0-9]{32,}|(?=[\w+-]{0,200}\d)(?=[\w+-]{0,200}[a-z])(?=[\w+-]{0,200}[A-Z])[\w+-]{40,}={0,2})(?![\w.])/g;
/** A line of a key or a certificate. */
const ARMOURED = /(?<!\S)(?=\S{0,200}\d)(?=\S{0,200}[A-Z])[A-Za-z0-9+/]{56,}={0,2}(?!\S)/g;
/** NAME=value pairs, as `env` prints them. */
const ENVIRONMENT = /(?:^|[\s,{(])[A-Z][A-Z\d_]{2,60}=\S{1,2000}(?:\s+[A-Z][A-Z\d_]{2,60}=\S{1,2000}){3,}/g;

/** `text` without credentials, without the environment where it is printed, and without addresses that could be opened. */
export function redact(text: string): string {
  let clean = text.replace(ENVIRONMENT, ' [environment]').replace(LOGIN, '$1');
  for (const [secret, instead] of SECRETS) clean = clean.replace(secret, instead);
  return clean
    .replace(QUERY, '')
    .replace(ADDRESS, (_, place: string) => trimmed(place))
    .replace(ARMOURED, GONE)
    .replace(RANDOM, GONE);
}

/** An address without the slash at its end. */
function trimmed(place: string): string {
  return place.replace(/\/(?=[.,;:]?$)/, '');
}
