import { signal, useSignalEffect } from '@preact/signals';
import type { RestModule, RestProps } from './feeds.ts';
import { Icon } from './parts/icon.tsx';
import { Skeleton } from './parts/panel.tsx';
import { opensDrawer } from './route/route.ts';

const loaded = signal<RestModule | null>(null);
const failed = signal(false);
let tries = 0;

/** Loads the part of the page that is not in its first view, unless it is there; the document names its files. */
export async function loadRest(): Promise<void> {
  const { restScript = '', restStyle = '' } = document.getElementById('page')?.dataset ?? {};
  if (loaded.peek()) return;
  // Another address each time, for a browser remembers that it could not load a script.
  const again = tries > 0 ? `?${tries}` : '';
  tries += 1;
  try {
    const address = new URL(restScript + again, document.baseURI).href;
    const [script] = await Promise.all([import(address) as Promise<RestModule>, loadStyle(restStyle)]);
    loaded.value = script;
  } catch {
    failed.value = true;
  }
}

async function loadStyle(address: string): Promise<void> {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = address;
  document.head.append(link);
  await new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  }).catch((error) => {
    link.remove();
    throw error;
  });
}

/** The part of the page that is loaded later. Where it could not be, whatever opens the drawer asks for it again. */
export function RestOfPage(props: RestProps) {
  useSignalEffect(() => {
    if (opensDrawer.value && failed.peek()) void loadRest();
  });
  if (loaded.value) return <loaded.value.Rest {...props} />;
  if (!failed.value)
    return (
      <section class="panel" aria-busy="true" aria-label="Days, jobs and workloads">
        <Skeleton />
      </section>
    );
  return (
    <p class="panel missing" role="alert">
      <Icon name="degraded" />
      <span>Days, jobs, workloads and details could not be loaded.</span>
      <button type="button" onClick={loadRest}>
        Try again
      </button>
      <button type="button" onClick={() => location.reload()}>
        Load the page anew
      </button>
    </p>
  );
}
