/** What each sign of a glob means (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list, matchGlob). */
const SIGNS: Record<string, string> = {
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
  '{': '(?:',
  '}': ')',
  ',': '|',
};

/** The names that `glob` matches as a whole. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(
    /\*\*|[*?{},]|\[!?[^\]]+\]|[\\^$.|+()[\]/]/g,
    (sign) => SIGNS[sign] ?? (sign.length > 1 ? sign.replace('[!', '[^') : `\\${sign}`),
  );
  return new RegExp(`^${source}$`, 's');
}
