/** Blanks what no report may carry: tokens, keys, logins and queries of addresses; and what would change a terminal. */
export function redacted(text: string): string {
  return RULES.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}

const RULES: [RegExp, string][] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour
  [/\x1b\[[0-9;?]*[ -/]*[@-~]/g, ''],
  [/\r\n?/g, '\n'],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would move the cursor of whoever reads it
  [/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, ''],
  [/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, '$1?***'],
  [/(:\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1***@'],
  [/(bearer\s+)[\w.~+/=-]{8,}/gi, '$1***'],
  [
    /\b(ya29\.|nsj1\.|ghp_|gho_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|AIza|hf_|eyJ)[\w.~+/=-]{8,}/g,
    '$1***',
  ],
  [
    /((?:api[_-]?key|token|secret|passw(?:or)?d|authorization|credentials?)["']?\s*[:=]\s*["']?)(?!bearer)[^\s"',;]{4,}/gi,
    '$1***',
  ],
];
