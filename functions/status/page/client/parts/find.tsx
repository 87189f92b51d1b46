import { query, setFilter } from '../route/route.ts';

/** Narrows a list to what holds a text, which stands in the address under `name`. */
export function Find({ what, name }: { what: string; name: string }) {
  return (
    <label>
      Find<span class="hidden"> {what}</span>{' '}
      <input
        type="search"
        value={query.value.get(name) ?? ''}
        maxLength={100}
        onInput={(event) => setFilter(name, event.currentTarget.value)}
      />
    </label>
  );
}
