import { Icon } from './icon.tsx';

/** How a table is sorted by a column. */
export type Direction = 'ascending' | 'descending';

/** The heading of a column that can be sorted by. */
export function SortButton({
  name,
  sort,
  onClick,
}: {
  name: string;
  sort: Direction | undefined;
  onClick: () => void;
}) {
  return (
    <button type="button" class="sort" onClick={onClick}>
      {name}
      {sort && <Icon name={sort === 'descending' ? 'down' : 'up'} />}
    </button>
  );
}
