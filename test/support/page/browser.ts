import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { CHROMIUM } from '../../../scripts/shared/chromium.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { SOAK_ONLY } from '../soak.ts';

/** What a test that needs a browser says where there is none. */
export const NEEDS_BROWSER = { skip: CHROMIUM ? false : 'no chromium: apt-get install chromium' };

/** The same, for what is tried only in a soak. */
export const NEEDS_BROWSER_AND_SOAK = SOAK_ONLY.skip ? SOAK_ONLY : NEEDS_BROWSER;

/** A tab, and all that went wrong in it. */
export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Errors of the console and of scripts, reports of the policy, requests to elsewhere. */
  wrong: string[];
  close(): Promise<void>;
}

/** How a tab is opened. */
export interface TabOptions extends BrowserContextOptions {
  /** What a test makes go wrong on purpose, such as a 503. */
  expected?: RegExp;
  /** Gives the tab a clock that begins then, and moves only when it is told to. */
  time?: Date;
  /** Addresses that it cannot reach. */
  blocked?: string;
}

/** Opens `url` in a tab of its own. */
export async function openTab(
  browser: Browser,
  url: string,
  { expected = /$^/, time, blocked, ...options }: TabOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({
    timezoneId: 'UTC',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  const note = (what: string) => {
    if (!expected.test(what)) wrong.push(what);
  };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) note(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`error: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) note(`asked ${request.url()}`);
  });
  if (blocked !== undefined) await page.route(blocked, (route) => route.abort());
  if (time) {
    // Installed, it runs; it cannot be paused at a time that is over.
    await page.clock.install({ time: time.getTime() - 5_000 });
    await page.clock.pauseAt(time);
  }
  await page.goto(url);
  return { page, context, wrong, close: () => context.close() };
}

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What the page does to people who cannot see, hear or point, by axe's rules; each with the element that does. */
export function barriers(page: Page): Promise<string[]> {
  return askAxe(page, 'violations');
}

/** What axe cannot decide, such as a contrast over what it cannot see through: to be looked into once for each. */
export function undecided(page: Page): Promise<string[]> {
  return askAxe(page, 'incomplete');
}

async function askAxe(page: Page, kind: 'violations' | 'incomplete'): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(AXE);
  return page.evaluate<string[]>(`
    axe.run(document, { runOnly: { type: 'tag', values: ${JSON.stringify(RULES)} } }).then((found) =>
      found.${kind}.flatMap(({ id, nodes }) =>
        nodes.map(({ html, any }) => id + ': ' + html.slice(0, 160) + ' ' + (any[0]?.message ?? ''))))`);
}

/** Keeps a picture of the page for a human eye, in a folder that git ignores. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(ROOT, '.nightshift/pictures');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: !name.startsWith('drawer') });
}

/** The text of an element, with single spaces. */
export async function textOf(locator: Locator): Promise<string> {
  return ((await locator.textContent()) ?? '').replaceAll(/\s+/g, ' ');
}

/** Waits until so many elements are there; fails when they do not come. */
export async function countOf(locator: Locator, count: number): Promise<void> {
  for (let tries = 0; tries < 100 && (await locator.count()) !== count; tries += 1) await sleep(50);
  assert.equal(await locator.count(), count);
}

/** By how many pixels the page is wider than its window. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
}
