/** JSON as nobody would expect it, for properties that hold whatever comes. */

type Random = () => number;

/** Values that programs write where others expect a word, an identifier or a time. */
const NUMBERS = [0, -0, 1, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 53, 1e21, 1_773_050_400, 1_773_050_400_000];
const FAR = [1_773_050_400_000_000, 1_773_050_400.25, -62_135_596_800];
const NONES = ['', ' ', '-', 'None', 'NULL', '\\N', 'N/A', 'NaN', 'Unknown', 'null', 'undefined', '0'];
const TIMES = [
  '2026-03-09T10:00:00Z',
  '2026-03-09 10:00:00',
  '2026-03-09t10:00:00.123456789+00:00',
  '2026-03-09',
];
const ODD_TIMES = [
  '2026-03-09 10:00:00+00',
  '2026-02-30T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
];
const HALF_TIMES = [
  '1970-01-01T00:00:00Z',
  'Mon, 09 Mar 2026 10:00:00 GMT',
  'yesterday',
  '10:00',
  '24:00:00',
  '1773050400',
];
const STATES = [
  'running',
  'RUNNING',
  'done',
  'JOB_STATE_RUNNING',
  'SUCCESS',
  'CONDITION_FAILED',
  'CANCELLED by 123',
];
const TEXTS = [
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  'ä'.repeat(300),
  '<html>404</html>',
];
const LISTS = [[], [[]], [{}], [null], ['done'], ['done', 'busy'], [2026, 3, 9, 10, 0, 0]];
const MAPS = [
  {},
  { value: 'done' },
  { seconds: 1_773_050_400 },
  { set: true, infinite: false, number: 0 },
  { $date: '2026-03-09T10:00:00Z' },
];
const ODD = [null, true, false, NUMBERS, FAR, NONES, TIMES, ODD_TIMES, HALF_TIMES, STATES, TEXTS].flat();

/** One of `items`. */
export function anyOf<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** Some value of JSON. */
export function oddValue(random: Random, depth = 0): unknown {
  // Nobody may put something into a value of all.
  if (depth > 3 || random() < 0.8) return structuredClone(anyOf([...ODD, ...LISTS, ...MAPS], random));
  const some = Array.from({ length: Math.floor(random() * 4) }, () => oddValue(random, depth + 1));
  return random() < 0.5 ? some : Object.fromEntries(some.map((value, index) => [`k${index}`, value]));
}

/** Puts odd values into up to three places of `body`, wherever they are. */
export function spoil(body: object, random: Random): void {
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    const places = placesIn(body);
    if (places.length === 0) return;
    const [parent, key] = anyOf(places, random);
    if (random() < 0.1) Reflect.deleteProperty(parent, key);
    else Reflect.set(parent, key, oddValue(random));
  }
}

function placesIn(value: object): (readonly [parent: object, key: string])[] {
  return Object.entries(value).flatMap(([key, inner]) => [
    [value, key] as const,
    ...(typeof inner === 'object' && inner !== null ? placesIn(inner) : []),
  ]);
}

/** A text of some bytes, JSON or not. */
export function oddText(random: Random): string {
  const json = JSON.stringify(oddValue(random)) ?? '';
  const kinds = [
    () => json,
    () => json.slice(0, Math.floor(random() * json.length)),
    () => `{"id": ${'9'.repeat(1 + Math.floor(random() * 30))}, "status": {"phase": "done"}}`,
    () => `\ufeff${json}`,
    () => '['.repeat(Math.floor(random() * 20_000)),
    () => String.fromCharCode(...Array.from({ length: 50 }, () => Math.floor(random() * 0xffff))),
    () => '{"status": {"phase": NaN}}',
    () => '',
  ];
  return anyOf(kinds, random)();
}
