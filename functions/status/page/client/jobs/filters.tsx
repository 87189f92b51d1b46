import { ACTIVE_STATES } from '../../../../shared/model/job/states.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
import type { Feed } from '../live/feed.ts';
import { Find } from '../parts/find.tsx';
import { query, setFilter } from '../route/route.ts';

interface FiltersProps {
  status: Feed<StatusAnswer>;
  /** Called when another list is wanted. */
  asksAnew: () => void;
}

/** What narrows the list: the service looks for source, state and differences among all jobs, Find among those that are loaded. */
export function Filters({ status, asksAnew }: FiltersProps) {
  const differing = query.value.get('jobs') === 'differ';
  const sources = status.answer.value?.data.sources.map(({ source }) => source) ?? [];
  const choose = (name: string, value: string) => {
    setFilter(name, value);
    asksAnew();
  };
  return (
    <>
      <Find what="a job" name="find" />
      {sources.length > 1 && <Choice name="source" all="all" of={sources} choose={choose} />}
      <Choice name="record" all="any state" of={ACTIVE_STATES} choose={choose} />
      <button
        type="button"
        class="chip warn"
        aria-pressed={differing}
        onClick={() => choose('jobs', differing ? '' : 'differ')}
      >
        Only where they differ
      </button>
    </>
  );
}

interface ChoiceProps {
  /** Of the filter in the address. */
  name: 'source' | 'record';
  all: string;
  of: readonly string[];
  choose: (name: string, value: string) => void;
}

function Choice({ name, all, of, choose }: ChoiceProps) {
  return (
    <label>
      {name === 'source' ? 'Source' : 'Record'}{' '}
      <select
        value={query.value.get(name) ?? ''}
        onChange={(event) => choose(name, event.currentTarget.value)}
      >
        <option value="">{all}</option>
        {of.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
}
