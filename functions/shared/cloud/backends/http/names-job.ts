/** Finds out whether an answer that there is no such thing is about the job, or only about the address that was asked. */

/** A job of an HTTP endpoint, and the address of its status. */
export interface AskedJob {
  id: string;
  url: string;
}

/** Fields that repeat the question. */
const OF_THE_QUESTION =
  /^(path|url|uri|href|links?|self|instance|route|location|query|params|parameters|request|(request|original)[-_]?(url|uri|path)|(path|query|querystring)[-_]?(params|parameters))$/i;
/** Fields whose number is no id. */
const OF_THE_ANSWER = /(status|code|errno|version|time|timestamp|count|length)$/i;
/** Words of a sentence about the address, and not about the job. */
const ABOUT_AN_ADDRESS = /\b(routes?|url|uri|endpoint|handler|page)\b/i;
/** Characters that make the id part of a longer name; a dot does so only beside a letter or digit. */
const JOINED_BEFORE = /([\p{L}\p{N}_%-]|[\p{L}\p{N}_-]\.)$/u;
const JOINED_AFTER = /^([\p{L}\p{N}_/%-]|\.[\p{L}\p{N}_-])/u;
/** The characters right before the id, back to a blank, a quote, a bracket or a mark that separates words. */
const RUN_BEFORE = /[^\s"'`´‘’“”«»‹›()<>[\]{},;|]*$/u;
const LONGEST_RUN = 2_000;
/** A slash that begins a path. */
const BEGINS_PATH = /(^|[^\w.~-])\//;

/** An id that an answer may contain by chance: a short number, or words alone. */
const PLAIN_ID = /^(?:\d{1,4}|\p{L}+(?: \p{L}+)*)$/u;
/** A quote or a word right before a plain id that makes it a name. */
const NAMES_BEFORE = /(?:["'`´‘’“”«»‹›#]|\b(?:id|job|run|task|execution|name|named|called)s?[ :=]{1,2})$/iu;
/** Fields that hold a name. */
const OF_A_NAME = /(?:id|job|run|task|execution|name|key)s?$/i;

/**
 * Whether JSON that came with `status` names the job: in a sentence, as a value or as a key, in any kind of quotes. JSON that
 * only repeats the address, as routers and proxies do, does not name it. Where the id is a short number or a plain word, a
 * sentence in which it merely occurs does not name it either.
 */
export function namesJob(body: unknown, asked: AskedJob, status: number): boolean {
  // Else every answer of this status would name the job.
  if (asked.id === String(status)) return false;
  return typeof body === 'object' && isNamedIn(body, '', asked);
}

function isNamedIn(value: unknown, field: string, asked: AskedJob): boolean {
  if (OF_THE_QUESTION.test(field)) return false;
  const isPlain = PLAIN_ID.test(asked.id);
  if (typeof value === 'string')
    return isPlain && value === asked.id ? OF_A_NAME.test(field) : isNamedInText(value, asked);
  if (typeof value === 'number' || typeof value === 'bigint')
    return String(value) === asked.id && !OF_THE_ANSWER.test(field) && (!isPlain || OF_A_NAME.test(field));
  if (Array.isArray(value)) return value.some((inner) => isNamedIn(inner, field, asked));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, inner]) => (key === asked.id && !isPlain) || isNamedIn(inner, key, asked),
  );
}

function isNamedInText(text: string, asked: AskedJob): boolean {
  const { id } = asked;
  if (ABOUT_AN_ADDRESS.test(text.replaceAll(id, ' '))) return false;
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    const before = text.slice(Math.max(0, at - LONGEST_RUN), at);
    const after = text.slice(at + id.length, at + id.length + 2);
    const isJoined = JOINED_BEFORE.test(before.slice(-2)) || JOINED_AFTER.test(after);
    const isName = !PLAIN_ID.test(id) || NAMES_BEFORE.test(before);
    if (isName && !isJoined && !isAddress(RUN_BEFORE.exec(before)?.[0] ?? '', asked)) return true;
  }
  return false;
}

/** Whether the characters right before the id are a path to it, in the address that was asked or in another. */
function isAddress(run: string, { id, url }: AskedJob): boolean {
  if (run === '') return false;
  // No name is that long.
  if (run.length === LONGEST_RUN) return true;
  const ways = url.split(encodeURIComponent(id)).slice(0, -1);
  return BEGINS_PATH.test(run) || ways.some((way) => way.endsWith(run));
}
