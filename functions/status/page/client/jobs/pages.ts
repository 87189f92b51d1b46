import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { SECOND_MS } from '../../../../shared/dates.ts';
import { type Envelope, type Feed, feed } from '../live/feed.ts';
import type { Poller } from '../live/poller.ts';

const EVERY_MS = 10 * SECOND_MS;
/** Whoever has to see more looks for it by a filter, or on the command line. */
const MOST_PAGES = 10;

/** Whether there is more behind what is loaded: it can be asked for, is being loaded, or is beyond what a page may show. */
export type Behind = 'nothing' | 'more' | 'loading' | 'too-much';

/** The pages of a list as one. Each is asked for by itself and begins behind the one before it, wherever that ends. */
export interface Pages<Row> extends Feed<Row[]> {
  behind: ReadonlySignal<Behind>;
  /** Asks for one more page. */
  more(): void;
  /** Goes back to the first page and asks anew: another list is wanted. */
  restart(): void;
}

interface Page<Row> {
  feed: Feed<Row[]>;
  leave: () => void;
}

/** Lets a list grow by pages; `url` is of the page behind a cursor, `follow` lets a poller go on and pause as all others do. */
export function pagesOf<Row>(
  first: Feed<Row[]>,
  url: (after: string) => string,
  follow: (poller: Poller) => () => void,
): Pages<Row> {
  const pages = signal<readonly Page<Row>[]>([{ feed: first, leave: () => undefined }]);
  const feeds = computed(() => pages.value.map((page) => page.feed));

  const begins: (string | null)[] = [];
  const cut = (length: number) => {
    begins.length = length;
    for (const { leave } of pages.peek().slice(length)) leave();
    pages.value = pages.peek().slice(0, length);
  };
  effect(() => {
    for (const [index, { poll }] of feeds.value.entries()) {
      const before = feeds.value[index - 1]?.answer.value;
      if (!before) continue;
      const after = before.page.after;
      // The list has become shorter, or ends elsewhere by now.
      if (after === null) return cut(index);
      if (begins[index] !== after) poll.restart();
      begins[index] = after;
    }
  });

  return {
    answer: computed(() => joined(feeds.value.flatMap(({ answer }) => answer.value ?? []))),
    // As old as the oldest of them.
    asOf: computed(() => {
      const known = feeds.value.flatMap(({ asOf }) => asOf.value ?? []);
      return known.length > 0 ? Math.min(...known) : null;
    }),
    trouble: computed(() => feeds.value.find(({ trouble }) => trouble.value)?.trouble.value ?? null),
    poll: Object.assign({}, first.poll, {
      refresh: async () => void (await Promise.all(feeds.peek().map(({ poll }) => poll.refresh()))),
    }),
    behind: computed(() => {
      const last = feeds.value.at(-1)?.answer.value;
      if (!last) return 'loading';
      if (last.page.after === null) return 'nothing';
      return feeds.value.length < MOST_PAGES ? 'more' : 'too-much';
    }),
    more() {
      const last = feeds.peek().at(-1) ?? first;
      const next = feed<Row[]>(() => url(last.answer.peek()?.page.after ?? ''), EVERY_MS);
      pages.value = [...pages.peek(), { feed: next, leave: follow(next.poll) }];
    },
    restart() {
      cut(1);
      first.poll.restart();
    },
  };
}

function joined<Row>(answers: readonly Envelope<Row[]>[]): Envelope<Row[]> | null {
  const last = answers.at(-1);
  if (!last) return null;
  return {
    data: answers.flatMap(({ data }) => data),
    page: last.page,
    problems: answers.flatMap(({ problems }) => problems),
  };
}
