import { useEffect, useMemo } from 'preact/hooks';
import { type Feed, feed } from '../live/feed.ts';

/** What the drawer shows is asked for when it opens and on Retry, not again and again: what has ended does not change. */
const NEVER_MS = 2 ** 31 - 1;

/** The answer to `url`, asked for anew when it is another; nothing is asked while it is `null`. */
export function useAsked<Data>(url: string | null): Feed<Data> {
  const asked = useMemo(() => feed<Data>(() => url ?? '', NEVER_MS), [url]);
  useEffect(() => {
    if (url !== null) asked.poll.refresh();
    return asked.poll.stop;
  }, [asked, url]);
  return asked;
}
