import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../scripts/shared/places.ts';

/** The READMEs of the project, and what can be checked in them. */

export interface Readme {
  /** From the root of the project on. */
  path: string;
  text: string;
}

/** Every README that belongs to the project. */
export function readmes(): Readme[] {
  const listed = execFileSync('git', ['ls-files', '*README.md'], { cwd: ROOT, encoding: 'utf8' });
  return listed
    .split('\n')
    .filter(Boolean)
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The relative links of a README that lead to no file, or to no heading in it, in words. */
export function brokenLinks({ path, text }: Readme): string[] {
  return [...withoutBlocks(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].flatMap(
    ([link, to = '', anchor]) => {
      const file = to === '' ? path : join(dirname(path), to);
      const at = join(ROOT, file);
      if (!existsSync(at)) return [`${path}: ${link}: there is no ${file}`];
      if (anchor === undefined) return [];
      if (statSync(at).isDirectory()) return [`${path}: ${link}: ${file} is a folder`];
      return anchorsOf(readFileSync(at, 'utf8')).includes(anchor)
        ? []
        : [`${path}: ${link}: ${file} has no heading #${anchor}`];
    },
  );
}

/** The anchors of the headings of a Markdown text, as GitHub makes them; a heading that comes again gets a number. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutBlocks(text).matchAll(/^#+ +(.+?) *$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** Without blocks of code, whose `#` begin comments and whose brackets are no links. */
function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The JSON blocks of a README that are marked as settings, each with the line on which it begins. */
export function settingsExamples({ text }: Readme): { line: number; json: string }[] {
  return [...text.matchAll(/^```json settings\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    json: match[1] ?? '',
  }));
}

/** The command lines of `ops` that a README shows, in its blocks and its text, each without what stands before its command. */
export function opsLines({ text }: Readme): string[] {
  const joined = text.replace(/\\\n\s*/g, '');
  const shown = joined.matchAll(/(?:npm run -s ops --|npx nightshift-ops) ([^`\n]+)/g);
  return [...shown].map(([, line = '']) => line.replace(/\s+#.*$/, '').trim());
}
