import { useEffect, useMemo, useRef } from 'preact/hooks';
import { type Feed, feed } from '../live/feed.ts';

/** What the drawer shows is asked for when it opens and on Retry, not again and again: what has ended does not change. */
const NEVER_MS = 2 ** 31 - 1;

/** The answer to `url`; when that becomes another, the last answer stays until the next one is there. */
export function useAsked<Data>(url: string): Feed<Data> {
  const address = useRef(url);
  address.current = url;
  const asked = useMemo(() => feed<Data>(() => address.current, NEVER_MS), []);
  useEffect(() => asked.poll.restart(), [asked, url]);
  useEffect(() => asked.poll.stop, [asked]);
  return asked;
}
