import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from '../../../../scripts/shared/places.ts';

/** What is read has at least 4.5, what is only seen at least 3: WCAG 2.2, 1.4.3 and 1.4.11, which axe does not see on bars. */
const READ = 4.5;
const SEEN = 3;

const tokens = readFileSync(join(ROOT, 'functions/status/page/style/tokens.css'), 'utf8');
const colours = new Map(
  [...tokens.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
);

const PAIRS: (readonly [string, string, number])[] = [
  ...['text', 'muted', 'link', 'good', 'bad', 'warn', 'busy', 'calm'].map(
    (name) => [name, 'sheet', READ] as const,
  ),
  ...['text', 'muted'].map((name) => [name, 'ground', READ] as const),
  ...['text', 'link'].map((name) => [name, 'raised', READ] as const),
  ...['good', 'bad', 'warn', 'busy', 'calm'].map((name) => [name, `${name}-soft`, READ] as const),
  ...['good-bar', 'busy-bar', 'calm-bar', 'edge'].map((name) => [name, 'sheet', SEEN] as const),
];

describe('the colours of the page', () => {
  for (const theme of ['light', 'dark'] as const)
    test(`can be told apart in the ${theme}`, () => {
      const poor = PAIRS.flatMap(([front, back, least]) => {
        const contrast = contrastOf(colourOf(front, theme), colourOf(back, theme));
        return contrast < least ? [`${front} on ${back}: ${contrast.toFixed(2)}, at least ${least}`] : [];
      });
      assert.deepEqual(poor, []);
    });
});

function colourOf(name: string, theme: 'light' | 'dark'): string {
  const colour = colours.get(name);
  assert.ok(colour, `no colour ${name}`);
  return colour[theme];
}

function contrastOf(a: string, b: string): number {
  const [dark, light] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminanceOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((from) => {
    const part = Number.parseInt(colour.slice(from, from + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
