import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { ROOT } from '../../scripts/shared/places.ts';

/** One import of a file, whatever its form. */
export interface Import {
  /** The file's path in the project, or the package's name, or `node:...`. */
  to: string;
  /** Erased before the file runs: `import type`, `export type ... from`. */
  type: boolean;
  /** Of the form import('...'): it is loaded when the code comes there, and not with the file. */
  late: boolean;
  /** What stands between `import` and `from`; empty where nothing does. */
  clause: string;
}

/** A file of ours: its path in the project, its text, and its text without comments. */
export interface SourceFile {
  path: string;
  text: string;
  code: string;
  imports: Import[];
}

/** Every TypeScript file below `folder`. */
export function filesBelow(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
    .map((path) => sourceFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** The file at `path` with what it imports. */
export function sourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, text, code, imports: importsIn(path, code) };
}

/** Files in which a chain of imports comes back to itself, as the chain; types count as much as values. */
export function cycleIn(files: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const chain: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path];
    if (done.has(path)) return undefined;
    chain.push(path);
    for (const { to } of byPath.get(path)?.imports ?? []) {
      const cycle = visit(to);
      if (cycle) return cycle;
    }
    chain.pop();
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const cycle = visit(path);
    if (cycle) return cycle;
  }
  return undefined;
}

/** What is loaded with the file at `path`: files of ours and packages, each with the file that asks for it. */
export function loadedWith(path: string, files: readonly SourceFile[]): Map<string, string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const loaded = new Map<string, string>();
  const visit = (from: string): void => {
    for (const { to, type, late } of byPath.get(from)?.imports ?? []) {
      if (type || late || loaded.has(to)) continue;
      loaded.set(to, from);
      visit(to);
    }
  };
  visit(path);
  return loaded;
}

/** Statements begin a line, for Biome formats them so; calls and types of the form import('...') stand anywhere. */
const STATEMENT =
  /^(?:import|export)(\s+type(?!\s*,|\s+from\b))?(?:\s+([\w*{][^'"`;()=]*?)\s+from)?\s+'([^']+)'/gm;
const CALL = /\bimport\(\s*'([^']+)'/g;

function importsIn(path: string, code: string): Import[] {
  const statements = [...code.matchAll(STATEMENT)].map(([, type, clause = '', specifier = '']) => ({
    to: resolved(path, specifier),
    type: type !== undefined,
    late: false,
    clause,
  }));
  const calls = [...code.matchAll(CALL)].map(([, specifier = '']) => ({
    to: resolved(path, specifier),
    type: false,
    late: true,
    clause: '',
  }));
  return [...statements, ...calls];
}

function resolved(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  if (specifier.startsWith('node:')) return specifier;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

/** Blanks comments, and leaves strings and regular expressions with `//` or quotes in them alone. */
function withoutComments(text: string): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(?<=[=(,:!&|?{};[\n]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g;
  return text.replace(token, (match) => (/^\/[*/]/.test(match) ? match.replace(/[^\n]/g, ' ') : match));
}
