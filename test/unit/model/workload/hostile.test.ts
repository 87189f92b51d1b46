import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logLines } from '../../../../functions/shared/model/workload/log/lines.ts';
import { reasonOf } from '../../../../functions/shared/model/workload/reason.ts';
import { RULES } from '../../../../functions/shared/model/workload/rules/all.ts';
import { NOISE } from '../../../../functions/shared/model/workload/rules/noise.ts';
import { wordIndex, wordsOf } from '../../../../functions/shared/model/workload/rules/words.ts';
import { seededRandom, sized } from '../../../support/soak.ts';

const MEGABYTE = 2 ** 20;
const many = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at));

const LOGS: [what: string, log: () => string[]][] = [
  ['a line of a megabyte', () => ['a'.repeat(MEGABYTE)]],
  ['100,000 lines', () => many(100_000, (at) => `line ${at}`)],
  ['100,000 tracebacks that never end', () => many(100_000, () => 'Traceback (most recent call last):')],
  [
    'control bytes',
    () => many(1_000, (at) => many(900, (each) => String.fromCharCode((each * at) % 32)).join('')),
  ],
  ['lone surrogates', () => ['\ud800'.repeat(MEGABYTE / 2), '\udfff \ud800'.repeat(2_000)]],
  ['escapes that never end', () => ['\u001b[1;2'.repeat(100_000), '\u001b]8;;'.repeat(100_000)]],
  ['a bar that is drawn for ever', () => ['\r 1%|#| 1/2 [00:01<00:01]'.repeat(40_000)]],
  ['JSON that never ends', () => ['{"message":'.repeat(100_000)]],
  ['blanks', () => many(1_000, (at) => `${' '.repeat(4_000)}${at}`)],
  ['line ends', () => ['\n'.repeat(MEGABYTE)]],
  ['names and dots', () => many(1_000, (at) => `${'a.B_1'.repeat(800)}${at}`)],
  ['words of errors', () => many(1_000, (at) => `Error failed ${at} exit code `.repeat(150))],
];

/** Runs `work`, and returns how many characters patterns were given, each time that one was tried. */
function charactersTried(work: () => void): number {
  const { exec } = RegExp.prototype;
  let tried = 0;
  RegExp.prototype.exec = function (this: RegExp, text: string) {
    const begin = this.lastIndex;
    const found = exec.call(this, text);
    // A pattern that is anchored stops at once, wherever it stands.
    const end = found ? found.index + found[0].length : this.source.startsWith('^') ? begin + 1 : text.length;
    tried += end - begin;
    return found;
  };
  try {
    work();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return tried;
}

describe('hostile text', () => {
  for (const [what, log] of LOGS)
    test(`of ${what} costs no more than its end, and gets an honest answer`, () => {
      const lines = log();
      const reason = reasonOf(lines);
      assert.ok(reason.line.length > 0 && reason.line.length <= 160 && reason.line.isWellFormed());
      assert.equal(reasonOf(lines.slice(-1_000)).line, reason.line);
    });

  test('never makes it throw, or show what no terminal should see', (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const parts = [...RULES.map(({ example }) => example), ...NOISE.map(({ example }) => example)];
    const glue = [
      '\n',
      '\r',
      ' ',
      '',
      '\u0000',
      '\u001b[31m',
      '\ud83d',
      ' | ',
      ': ',
      '\t',
      '"',
      '{"message":"',
    ];
    for (let count = 0; count < sized(60, 20_000); count += 1) {
      const lines = many(1 + Math.floor(random() * 12), () => {
        const text = pick(parts);
        const cut = text.slice(Math.floor(random() * text.length), Math.ceil(random() * text.length * 2));
        return `${pick(glue)}${cut}${pick(glue)}${pick(parts)}`.repeat(random() < 0.05 ? 50 : 1);
      });
      const { line, also } = reasonOf(lines);
      for (const shown of [line, ...also]) {
        assert.ok(shown.length > 0 && shown.length <= 160 && shown.isWellFormed(), JSON.stringify(lines));
        assert.doesNotMatch(shown, /\p{Cc}/u, JSON.stringify(lines));
      }
    }
  });
});

describe('the patterns of the rules', () => {
  test('repeat nothing without a bound: one that may would take for ever on some text', () => {
    for (const { name, pattern } of [...RULES, ...NOISE]) {
      const plain = pattern.source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
      assert.doesNotMatch(plain, /[*+]|\{\d+,\}/, name);
    }
  });

  test('are tried on a line only for a word in it', () => {
    for (const { name, pattern } of [...RULES, ...NOISE]) assert.ok(wordsOf(pattern)?.length, name);
  });

  test('are tried on so much of a log, and no more', () => {
    const tried = LOGS.map(([what, log]) => [what, charactersTried(() => reasonOf(log()))] as const);
    for (const [what, count] of tried) assert.ok(count < 4_000_000, `${what}: ${count}`);
  });

  test('find what they would find without the words, in whatever any example can be turned into', () => {
    const index = wordIndex(RULES.map((rule) => [rule, wordsOf(rule.pattern)] as const));
    for (const { example } of RULES) {
      const text = logLines([example])[0]?.text ?? '';
      const found = index.foundIn(text);
      for (const rule of RULES)
        if (rule.pattern.test(text)) assert.ok(found.includes(rule), `${rule.name}: ${text}`);
    }
  });
});
