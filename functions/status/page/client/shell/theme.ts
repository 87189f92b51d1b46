import { type ReadonlySignal, signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'nightshift-theme';
const chosen = signal<Theme>(stored());
/** How the page is coloured; `auto` goes by the device. */
export const theme: ReadonlySignal<Theme> = chosen;

/** Colours the page, and keeps the choice for the next visit. */
export function setTheme(next: Theme): void {
  chosen.value = next;
  paint(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing still shows it.
  }
}

/** Colours the page as it was last chosen. */
export function applyTheme(): void {
  paint(chosen.value);
}

function paint(next: Theme): void {
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}

function stored(): Theme {
  try {
    return THEMES.find((it) => it === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}
