import { writePage } from '../../../scripts/build/page/page.ts';

let built: Promise<unknown> | undefined;

/** Builds the page to where `pageAssets` finds it: once, and not at all where the gate has built what is deployed. */
export async function ensurePage(): Promise<void> {
  if (process.env.NIGHTSHIFT_TEST_BUNDLES) return;
  built ??= writePage();
  await built;
}
