import { computed, type ReadonlySignal, signal } from '@preact/signals';

/** What a person would paste in a chat: the filters are in the query string, what the drawer shows is in the fragment. */

const search = signal(location.search);
const hash = signal(location.hash);

/** The filters. */
export const query: ReadonlySignal<URLSearchParams> = computed(() => new URLSearchParams(search.value));
/** What the drawer shows: `task`, with `run` for one of its runs, or `job`; nothing where it is closed. */
export const shown: ReadonlySignal<URLSearchParams> = computed(
  () => new URLSearchParams(hash.value.slice(1)),
);

/** Whether the address is of something that the drawer shows. */
export const opensDrawer: ReadonlySignal<boolean> = computed(
  () => shown.value.has('task') || shown.value.has('job'),
);

/** Sets a filter; an empty value removes it. */
export function setFilter(name: string, value: string): void {
  const next = new URLSearchParams(search.value);
  if (value) next.set(name, value);
  else next.delete(name);
  const text = next.toString();
  show(text && `?${text}`, hash.value);
}

/** The link that opens the drawer, keeping the filters. */
export function linkTo(what: Record<string, string>): string {
  // Not the fragment alone, which tools that read the page aloud take for a way to skip something.
  return `./${search.value}#${new URLSearchParams(what)}`;
}

/** Closes the drawer. */
export function closeDrawer(): void {
  show(search.value, '');
}

/** How the jobs are asked for that the filters want: the first page, or the one behind a cursor. */
export function jobsUrl(after = ''): string {
  const asked = {
    source: query.value.get('source') ?? '',
    state: query.value.get('record') ?? '',
    stale: query.value.get('jobs') === 'differ' ? 'true' : '',
    after,
    limit: '50',
  };
  return `api/jobs?${new URLSearchParams(Object.entries(asked).filter(([, value]) => value))}`;
}

/** Follows the address, as Back, Forward and links change it. */
export function followAddress(): void {
  const follow = () => {
    search.value = location.search;
    hash.value = location.hash;
  };
  addEventListener('hashchange', follow);
  addEventListener('popstate', follow);
}

function show(nextSearch: string, nextHash: string): void {
  history.replaceState(null, '', `${location.pathname}${nextSearch}${nextHash}`);
  search.value = nextSearch;
  hash.value = nextHash;
}
