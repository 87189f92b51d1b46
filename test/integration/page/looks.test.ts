import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import {
  barriers,
  NEEDS_BROWSER_AND_SOAK,
  openTab,
  overflowOf,
  picture,
  undecided,
} from '../../support/page/browser.ts';
import { emptyWorld, goodWorld, troubledWorld, type World } from '../../support/page/fixtures.ts';
import { type Fault, openSite, type Site } from '../../support/page/site.ts';

interface Look {
  world?: (now: Date) => World;
  options: BrowserContextOptions;
  hash?: string;
  faults?: Fault[];
  /** What goes wrong once all was well. */
  later?: Fault[];
}

const DESK = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 360, height: 780 } };

const LOOKS: Record<string, Look> = {
  light: { options: { ...DESK, colorScheme: 'light' } },
  dark: { options: { ...DESK, colorScheme: 'dark' } },
  good: { world: goodWorld, options: { ...DESK, colorScheme: 'light' } },
  phone: { options: { ...PHONE, colorScheme: 'light' } },
  'drawer-task': { options: { ...DESK, colorScheme: 'light' }, hash: '#task=cleanup-artifacts' },
  'drawer-job': { options: { ...DESK, colorScheme: 'dark' }, hash: '#job=training%2Fjob-1005' },
  'drawer-phone': { options: { ...PHONE, colorScheme: 'dark' }, hash: '#task=cleanup-artifacts' },
  degraded: { options: { ...DESK, colorScheme: 'light' }, later: [{ path: '/api', status: 503 }] },
  down: { options: { ...DESK, colorScheme: 'dark' }, faults: [{ path: '/api', status: 503 }] },
  empty: { world: emptyWorld, options: { ...DESK, colorScheme: 'light' } },
  loading: { options: { ...DESK, colorScheme: 'light' }, faults: [{ path: '/api', delayMs: 6_000 }] },
  'forced-colors': { options: { ...DESK, forcedColors: 'active' } },
};

describe('how the page looks', NEEDS_BROWSER_AND_SOAK, () => {
  let browser: Browser;
  let site: Site;

  before(async () => {
    site = await openSite(troubledWorld(new Date()));
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await site.stop();
  });

  for (const [name, { world = troubledWorld, options, hash = '', faults = [], later }] of Object.entries(
    LOOKS,
  ))
    test(`${name}: no barrier by the rules of axe, and no wider than its window; with a picture`, async () => {
      site.world = world(new Date());
      site.faults = faults;
      const expected = /Failed to load resource/;
      const { page, wrong, close } = await openTab(browser, `${site.url}${hash}`, { expected, ...options });
      await page.waitForTimeout(400);
      if (later) {
        site.faults = later;
        await page.getByRole('button', { name: 'Refresh' }).click();
        await page.getByText('Last good data').first().waitFor();
      }
      await picture(page, name);
      assert.deepEqual(await barriers(page), []);
      assert.deepEqual(await undecided(page), [], 'axe cannot decide it: look into it, then name it here');
      assert.equal(await overflowOf(page), 0);
      await close();
      assert.deepEqual(wrong, []);
    });
});
