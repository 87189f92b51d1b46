import { type Candidate, isSpecific } from './candidates.ts';
import { redact } from './redact.ts';
import type { Category } from './rules/rule.ts';
import { LONGEST_SHOWN, shorten } from './shorten.ts';

/** Why a workload or a job ended, in one line. */
export interface Reason {
  /** At most 160 characters, without secrets; never empty. */
  line: string;
  category: Category;
  /** What it was found by. */
  rule: string;
  /** What else the log says, most telling first: at most three lines like `line`. */
  also: string[];
}

/** What a long line says without: where an exception is defined, and what a request went to. */
const MODULE = /^(?:[a-z_]\w{0,60}\.){1,8}(?=[A-Z])/;
const REQUEST = /\b(GET|POST|PUT|PATCH|DELETE|HEAD) [\w.-]{1,100}\/[^\s:]{1,300}/;
/** What follows on what went wrong: where to read on, and what to try. */
const HELP =
  /[.;] {1,2}(?:For (?:more )?(?:information|details|help)|See\b|Please (?:see|visit|refer|try|check|contact)|To learn more|Learn more|Visit|Background on|Consider|This is usually)\b.*$/i;
const LONGEST_CLAUSE = 40;
export const MOST_ALSO = 3;
const MOST_CLEANED = 800;

/** Tells a candidate, with where it was, by how many it was said, and what else stands in the log. */
export function reasonFrom(chosen: Candidate, all: readonly Candidate[]): Reason {
  const { category, rule } = chosen;
  const same = all.filter((it) => it.rule === rule && alike(it.text) === alike(chosen.text));
  const ranks = new Set(same.map(({ stream }) => stream)).size;
  const extra = [
    chosen.hint,
    chosen.frame && !isSpecific(chosen) ? `${chosen.frame.file}:${chosen.frame.line}` : null,
    chosen.stream.startsWith('Step #') ? chosen.stream : null,
    ranks > 1 && !chosen.stream.startsWith('Step #') ? `on ${ranks} ranks` : null,
  ].filter((it) => it !== null);
  const behind = extra.map((it) => ` (${it})`).join('');
  const caused = chosen.causedBy ? `, caused by ${shorten(clean(chosen.causedBy), 70)}` : '';
  const room = LONGEST_SHOWN - behind.length - caused.length;
  return { line: `${shown(chosen, room)}${behind}${caused}`, category, rule, also: alsoSaid(chosen, all) };
}

/** The words of a candidate; of a long line, those that the rule is about, whole if there is room. */
function shown({ text, focus: [from, to] }: Candidate, room: number): string {
  const whole = clean(text);
  if (whole.length <= room) return whole;
  const core = clean(text.slice(from, endOfWord(text, to)));
  const long = whole.replace(MODULE, '').replace(REQUEST, '$1');
  const brief = long.replace(HELP, '.');
  const compact = brief.includes(core) ? brief : long;
  const at = to > from ? compact.indexOf(core) : -1;
  const cut = shorten(compact, room, at < 0 ? 0 : at + core.length);
  if (at <= 0 || cut.includes(core)) return cut;
  // From the clause on that the rule is about, or, where little follows, a bit before.
  const earliest = compact.length - room;
  const clause = beginOfClause(compact, at);
  const least = at - clause + core.length <= room ? clause : at;
  const begin = Math.min(beginOfWord(compact, earliest), least);
  return shorten(compact.slice(begin), room, at + core.length - begin);
}

/** Where the clause begins that holds `at`, unless that is far before it. */
function beginOfClause(text: string, at: number): number {
  const colon = text.lastIndexOf(': ', at);
  return colon >= 0 && at - colon < LONGEST_CLAUSE ? Math.min(colon + 2, at) : at;
}

/** The first place from `at` on where a word begins. */
function beginOfWord(text: string, at: number): number {
  return at <= 0 ? 0 : text.indexOf(' ', at - 1) + 1;
}

/** Where the word ends in which `at` stands: a pattern may end in the middle of a name. */
function endOfWord(text: string, at: number): number {
  return at + (/^[\w./-]{0,100}/.exec(text.slice(at, at + 100))?.[0].length ?? 0);
}

/** A text without secrets, of which no more is looked at than could be shown. */
export function clean(text: string): string {
  const cut = text.length > MOST_CLEANED ? text.slice(0, text.lastIndexOf(' ', MOST_CLEANED) + 1) : text;
  return shorten(redact(cut || '[a long word]'), MOST_CLEANED);
}

function alsoSaid(chosen: Candidate, all: readonly Candidate[]): string[] {
  const seen = new Set([alike(chosen.text)]);
  const others = all.filter(({ kind, recovered }) => kind !== 'pointer' && recovered < 2);
  const told = others.filter(({ text }) => !seen.has(alike(text)) && seen.add(alike(text)));
  return told.slice(0, MOST_ALSO).map((it) => shown(it, LONGEST_SHOWN));
}

/** The text without what differs from rank to rank. */
function alike(text: string): string {
  return text.replace(/0x[\da-f]+|\d+/gi, '#').slice(0, LONGEST_SHOWN);
}
