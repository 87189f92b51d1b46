// biome-ignore-all lint/a11y/noRedundantRoles: as cards, its parts are a grid, and some browsers take the roles of a table away then
import type { ComponentChildren } from 'preact';

interface CardsProps {
  /** Id of the heading that names it. */
  labelledBy: string;
  head: ComponentChildren;
  /** Called when a pointer or the focus comes among its rows, and when it goes. */
  onRead?: (reads: boolean) => void;
  children: ComponentChildren;
}

type TableEvent = { currentTarget: HTMLTableElement; relatedTarget: EventTarget | null };

/** A table whose rows are cards on a phone. */
export function Cards({ labelledBy, head, onRead, children }: CardsProps) {
  const comes = () => onRead?.(true);
  const goes = ({ currentTarget: table, relatedTarget: next }: TableEvent) =>
    onRead?.(
      [document.activeElement, next].some((it) => table.contains(it as Node)) || table.matches(':hover'),
    );
  return (
    <table
      class="cards"
      role="table"
      aria-labelledby={labelledBy}
      onPointerEnter={comes}
      onPointerLeave={goes}
      onFocusIn={comes}
      onFocusOut={goes}
    >
      <thead role="rowgroup">
        <Row>{head}</Row>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

export function Row({ differs = false, children }: { differs?: boolean; children: ComponentChildren }) {
  return (
    <tr role="row" class={differs ? 'differs' : undefined}>
      {children}
    </tr>
  );
}

/** The heading of a column; `sort` where the table is sorted by it. */
export function Column({
  sort,
  children,
}: {
  sort?: 'ascending' | 'descending' | undefined;
  children: ComponentChildren;
}) {
  return (
    <th role="columnheader" scope="col" aria-sort={sort}>
      {children}
    </th>
  );
}

interface NameProps {
  /** What it opens; `undefined` where there is no more about it. */
  href: string | undefined;
  name: string;
  about: string;
}

/** What a row is about. */
export function Name({ href, name, about }: NameProps) {
  return (
    <th role="rowheader" scope="row">
      {href === undefined ? (
        <b dir="auto">{name}</b>
      ) : (
        <a href={href} dir="auto">
          {name}
        </a>
      )}
      <small dir="auto">{about}</small>
    </th>
  );
}

/** A cell, with the word that stands before it on a card. */
export function Cell({
  label,
  failed = false,
  children,
}: {
  label: string;
  failed?: boolean;
  children: ComponentChildren;
}) {
  return (
    <td role="cell" data-l={label} class={failed ? 'failed' : undefined}>
      {children}
    </td>
  );
}
