import { useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { relative, stamp } from '../../../../shared/figures.ts';
import { now } from '../live/clock.ts';
import type { Feed } from '../live/feed.ts';
import { Icon } from './icon.tsx';

interface PanelProps {
  id: string;
  title: string;
  /** What it is fed by, which tells how old it is. */
  feed: Feed<unknown>;
  /** Beside the heading. */
  tools?: ComponentChildren;
  children: ComponentChildren;
}

/** A section with its heading, the age of its data, and what is wrong with them; what was good last stays to be seen. */
export function Panel({ id, title, feed, tools, children }: PanelProps) {
  const loading = feed.answer.value === null;
  const trouble = feed.trouble.value;
  return (
    <section aria-labelledby={`${id}-title`} class="panel" aria-busy={loading && !trouble}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <Freshness feed={feed} />
        {tools && <div class="tools">{tools}</div>}
      </header>
      {loading ? trouble ? <NoData feed={feed} /> : <Skeleton /> : children}
    </section>
  );
}

/** How old the data are, as their source gave them; in amber, with why, once no new ones come. */
export function Freshness({ feed }: { feed: Feed<unknown> }) {
  const trouble = feed.trouble.value;
  if (feed.answer.value === null) return null;
  return (
    <p class={trouble ? 'fresh stale' : 'fresh'}>
      {trouble && (
        <>
          <Icon name="degraded" />
          Last good data: {trouble.words}, {trouble.tries} {trouble.tries === 1 ? 'try' : 'tries'}.{' '}
        </>
      )}
      As of <Age feed={feed} />
      {trouble && <Retry feed={feed} />}
    </p>
  );
}

function Age({ feed }: { feed: Feed<unknown> }) {
  const words = useComputed(() => {
    const at = feed.asOf.value;
    return at === null ? '' : relative(new Date(Math.min(at, now.value)), new Date(now.value));
  });
  const title = useComputed(() => (feed.asOf.value === null ? '' : stamp(new Date(feed.asOf.value))));
  return <time title={title}>{words}</time>;
}

function NoData({ feed }: { feed: Feed<unknown> }) {
  return (
    <p class="empty stale">
      <Icon name="degraded" /> Could not load: {feed.trouble.value?.words}
      <Retry feed={feed} />
    </p>
  );
}

function Retry({ feed }: { feed: Feed<unknown> }) {
  return (
    <button type="button" class="quiet" onClick={feed.poll.refresh}>
      Retry
    </button>
  );
}

/** Stands where something is being loaded. */
export function Skeleton() {
  return (
    <div class="skeleton">
      <span class="hidden">Loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}
