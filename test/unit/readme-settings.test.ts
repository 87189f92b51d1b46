import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import builtInSettings from '../../functions/settings.json' with { type: 'json' };
import { readEnvironment } from '../../functions/shared/environment.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { freshFile } from '../support/folders.ts';
import { readmes, settingsExamples } from '../support/readmes.ts';

const PATH = 'functions/README.md';
const README = readmes().find(({ path }) => path === PATH) ?? { path: PATH, text: '' };
const EXAMPLES = settingsExamples(README);

/** The settings of a file that holds `content`. Throws, with all its problems, where they cannot be used. */
function load(content: object): unknown {
  const file = freshFile('settings.json', JSON.stringify(content));
  return loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: file }));
}

describe(`the settings in ${PATH}`, () => {
  test('are there, and every block of JSON is marked as settings', () => {
    assert.ok(EXAMPLES.length > 0);
    assert.doesNotMatch(README.text, /^```json(?! settings$)/m);
  });

  for (const { line, json } of EXAMPLES)
    test(`work as printed on line ${line}`, () => {
      const example = JSON.parse(json);
      // What names no source stands beside those that there are.
      load('sources' in example ? example : { ...builtInSettings, ...example });
    });
});
