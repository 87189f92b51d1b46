/** The longest id of a document or a collection. */
const LONGEST_ID_BYTES = 1_500;

/** Whether anything can have that path: of other names, some are refused and some are tried again until the time is up. */
export function isPath(path: string): boolean {
  return path
    .split('/')
    .every((id) => !/^(\.{0,2}|__.*__)$/s.test(id) && Buffer.byteLength(id) <= LONGEST_ID_BYTES);
}
