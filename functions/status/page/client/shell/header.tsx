import type { ReadonlySignal } from '@preact/signals';
import { stamp } from '../../../../shared/figures.ts';
import type { Poller } from '../live/poller.ts';
import { Icon } from '../parts/icon.tsx';
import { setTheme, THEMES, theme } from './theme.ts';

/** What goes on by itself, and what a person does about it. */
export interface Updates {
  /** Since when the updates are paused, in milliseconds since 1970; `null` while they go on. */
  pausedAt: ReadonlySignal<number | null>;
  togglePause(): void;
  refresh(): void;
  /** Lets a poller go on and pause as all others do; returns how to stop it. */
  follow(poller: Poller): () => void;
}

/** The bar that stays on top. */
export function Header({ project, updates }: { project: string; updates: Updates }) {
  const pausedAt = updates.pausedAt.value;
  return (
    <header class="bar">
      <a class="skip" href="#tasks-title">
        Skip to the tasks
      </a>
      <p class="brand">
        <Moon />
        <b>Nightshift</b>
        <span dir="auto">{project}</span>
      </p>
      {pausedAt !== null && <p class="paused">Paused at {stamp(new Date(pausedAt)).slice(11)}</p>}
      <div class="controls">
        <button type="button" aria-pressed={pausedAt !== null} onClick={updates.togglePause}>
          <Icon name={pausedAt === null ? 'pause' : 'play'} />
          <span>
            Pause<span class="wide"> updates</span>
          </span>
        </button>
        <button type="button" onClick={updates.refresh}>
          <Icon name="refresh" /> Refresh
        </button>
        <label>
          Theme{' '}
          <select
            value={theme.value}
            onChange={({ currentTarget }) =>
              setTheme(THEMES.find((it) => it === currentTarget.value) ?? 'auto')
            }
          >
            {THEMES.map((it) => (
              <option key={it} value={it}>
                {it}
              </option>
            ))}
          </select>
        </label>
      </div>
    </header>
  );
}

function Moon() {
  return (
    <svg class="moon" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M20.6 6.6a10 10 0 1 0 5 13.2A8.4 8.4 0 0 1 20.6 6.6z" />
    </svg>
  );
}
