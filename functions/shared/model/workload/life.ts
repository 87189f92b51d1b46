/** What is known of the life of a workload without its schema, which no page has to load. */

/** What a row says that its region lists no more, where nobody could ask about it by id. */
export const UNLISTED = 'not listed any more';

/** Whether it has ended, as far as the platform says. */
export function hasEnded({ state }: { state: string }): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** Whether the rows of a region are what is there now. */
export function isCurrent({ state }: { state: string }): boolean {
  return state === 'ok';
}
