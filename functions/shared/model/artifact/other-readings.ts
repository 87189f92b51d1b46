import type { Place, Prefix } from './artifact.ts';

/**
 * What a text may name besides the place that it names to the letter. People put signs behind a place that are no part of
 * its name (`gs://runs/a, gs://runs/a (best)`), and programs leave in it what was to be filled in (`gs://runs/%Y/`). A
 * folder may have any of these for its name, too: so a place is deleted only by its letters, and kept by every reading.
 */

/** No name is longer, in whatever characters. */
const LONGEST_NAME = 1024;
/** More ends of one name are not told apart: the folder around it is kept, which holds whatever they name. */
const MOST_ENDS = 16;

/** Where a name may end: signs of lists, of remarks and quotes, and before a version. */
const END = /^(?:[\s,;|:#@&+!()'`\u2018-\u201f]|[.\u2026](?:$|[.\u2026\s,;|:)'`\u2018-\u201f]))/;
/** Where it may end also before a slash. */
const END_OF_FOLDER = /^(?:[,;|]\s|\s\()/;
/** What is left of a name where nothing but signs, or a remark, stands behind the last slash. */
const NO_NAME = /^(?:\s|[^\p{L}\p{N}]+$)/u;
/** Signs that nobody sees, such as joiners, soft hyphens and marks of direction. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** Returns the prefixes that `place` may mean besides those that it names to the letter; none in nearly every case. */
export function otherReadings({ bucket, folders, objects }: Place): readonly Prefix[] {
  const paths = new Set<string>();
  for (const name of objects) for (const shorter of shorterThan(name)) paths.add(folderOf(shorter));
  for (const { path } of folders) {
    const seen = path.replace(UNSEEN, '');
    if (seen !== path) paths.add(joined(seen.split('/').filter((segment) => segment !== '')));
    const around = aroundTemplate(path);
    if (around !== undefined) paths.add(around);
  }
  for (const { path } of folders) paths.delete(path);
  return [...paths].map((path) => ({ bucket, path }));
}

/** The names that are left where signs, and what follows them, are no part of a name. */
function shorterThan(name: string): string[] {
  const start = name.lastIndexOf('/') + 1;
  const found: string[] = [];
  for (let at = 0; at < Math.min(name.length, LONGEST_NAME); at++) {
    // Looked at first, because few names have any.
    if (isLetter(name.charCodeAt(at)) || !endsAt(name, at, start)) continue;
    if (found.length === MOST_ENDS) return [...found, name.slice(0, start)];
    found.push(name.slice(0, at));
  }
  return found;
}

function endsAt(name: string, at: number, start: number): boolean {
  const rest = name.slice(at, at + 2);
  if (at < start) return at > 0 && END_OF_FOLDER.test(rest);
  return END.test(rest) && (at > start || NO_NAME.test(name.slice(start)));
}

/** Whether it is one of a-z, A-Z, 0-9, or one of `-/_=`, at which no name ends. */
function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) || (code >= 0x2f && code <= 0x39) || [0x2d, 0x5f, 0x3d].includes(code)
  );
}

function folderOf(name: string): string {
  const trimmed = name.trimEnd();
  return trimmed === '' || trimmed.endsWith('/') ? trimmed : `${trimmed}/`;
}

/** `%s`, `%05d`, `%Y-%m-%d`, and no percent-encoding. */
const FORMAT =
  /%(?![\da-f]{2})[-+#]?\d{0,3}(?:\.\d{1,3})?l{0,2}[a-z](?![a-z\d])|(?<!\d)%(?![\da-f]{2})[sdi]/i;
/** `%RUN%`, unless it is percent-encoding: `%c3%a9t%c3%a9`. */
const VARIABLE = /%[a-z_][\w-]{0,60}%/i;
/** A command in backticks, `:run_id`, and `...`. */
const TEMPLATES = [/`[^`]{1,200}`/, /^:[a-z_]/i, /^(?:\.{3,}|\u2026)$/];
/** Found in every path with one of these. */
const HINT = /%|`|(?:^|\/)[:.\u2026]/;

/** Returns the folder above what was to be filled in; `undefined` where nothing was. */
function aroundTemplate(path: string): string | undefined {
  if (!HINT.test(path)) return undefined;
  const segments = path.split('/');
  const first = segments.findIndex(isTemplate);
  return first < 0 ? undefined : joined(segments.slice(0, first));
}

function joined(segments: readonly string[]): string {
  return segments.map((segment) => `${segment}/`).join('');
}

function isTemplate(segment: string): boolean {
  if (FORMAT.test(segment) || TEMPLATES.some((template) => template.test(segment))) return true;
  return VARIABLE.test(segment) && !isEncoded(segment);
}

function isEncoded(segment: string): boolean {
  try {
    return decodeURIComponent(segment) !== segment;
  } catch {
    return false;
  }
}
