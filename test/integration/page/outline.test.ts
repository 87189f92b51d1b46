import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { NEEDS_BROWSER_AND_SOAK, openTab } from '../../support/page/browser.ts';
import { troubledWorld } from '../../support/page/fixtures.ts';
import { openSite, type Site } from '../../support/page/site.ts';

const NOW = new Date('2026-03-04T12:00:00Z');
const KEPT = join(import.meta.dirname, 'outlines');
const SEEN = join(ROOT, '.nightshift/outlines');

describe('the page as a screen reader is given it', NEEDS_BROWSER_AND_SOAK, () => {
  let browser: Browser;
  let site: Site;

  before(async () => {
    site = await openSite(troubledWorld(NOW), () => NOW);
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await site.stop();
  });

  for (const [name, hash, find, last] of [
    ['page', '', 'main', 'train-speech'],
    ['drawer-task', '#task=cleanup-artifacts', 'dialog', 'objects.ts:88'],
    ['drawer-job', '#job=training%2Fjob-1005', 'dialog', 'Record written'],
  ] as const)
    test(`${name} is as it was reviewed: test/integration/page/outlines/${name}.txt`, async () => {
      const { page, close } = await openTab(browser, `${site.url}${hash}`, { time: NOW });
      await page.locator('#jobs-title').waitFor({ state: 'attached' });
      await page.clock.runFor(100);
      await page.locator(find).getByText(last).first().waitFor();
      await page.waitForTimeout(300);
      const seen = await outlineOf(page.locator(find));
      mkdirSync(SEEN, { recursive: true });
      writeFileSync(join(SEEN, `${name}.txt`), seen);
      const kept = readFileSync(join(KEPT, `${name}.txt`), 'utf8');
      assert.equal(seen, kept, `meant to be so? cp .nightshift/outlines/${name}.txt ${KEPT}/`);
      await close();
    });
});

/** Roles, names and texts, as the browser hands them on. */
async function outlineOf(locator: Locator): Promise<string> {
  return `${await locator.ariaSnapshot()}\n`;
}
