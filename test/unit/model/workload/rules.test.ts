import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logLines } from '../../../../functions/shared/model/workload/log/lines.ts';
import { lineReader, RULES } from '../../../../functions/shared/model/workload/rules/all.ts';
import { NOISE } from '../../../../functions/shared/model/workload/rules/noise.ts';

/** A line as the rules see it: without its prefixes. */
const seen = (line: string) => logLines([line])[0]?.text ?? '';

describe('the rule of a reason', () => {
  for (const rule of RULES)
    test(`${rule.name} knows its example, as the first of all, and not its counter-example`, () => {
      assert.equal(lineReader()(seen(rule.example)).match?.rule.name, rule.name);
      assert.ok(!rule.pattern.test(seen(rule.counterExample)), rule.counterExample);
      assert.ok(!lineReader()(seen(rule.example)).isNoise, 'its example is no noise');
    });

  test('has a name of its own', () => {
    const names = RULES.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
    );
  });
});

describe('the noise', () => {
  for (const { name, pattern, example, counterExample } of NOISE)
    test(`${name} is known by its example, and is not its counter-example`, () => {
      assert.ok(pattern.test(seen(example)), example);
      assert.ok(!pattern.test(seen(counterExample)), counterExample);
    });
});
