/** What stands before a message: times, levels, who said it. Peeled off in a loop, for each program adds its own. */

export type Level = 'info' | 'warning' | 'error';

/** A message without what stood before it. */
export interface Peeled {
  text: string;
  /** Who said it, such as `rank 3`; empty where nothing tells. */
  stream: string;
  level: Level | null;
}

/** Programs, runners and platforms that each add something. */
const MOST_PREFIXES = 8;

const LEVELS: Record<string, Level> = {
  T: 'info',
  TRACE: 'info',
  D: 'info',
  DEBUG: 'info',
  I: 'info',
  INFO: 'info',
  NOTICE: 'info',
  W: 'warning',
  WARN: 'warning',
  warning: 'warning',
  warn: 'warning',
  info: 'info',
  debug: 'info',
  DEBU: 'info',
  error: 'error',
  fatal: 'error',
  panic: 'error',
  ERRO: 'error',
  FATA: 'error',
  PANI: 'error',
  WARNING: 'warning',
  E: 'error',
  ERROR: 'error',
  F: 'error',
  FATAL: 'error',
  SEVERE: 'error',
  CRITICAL: 'error',
  ALERT: 'error',
  EMERGENCY: 'error',
};
/** The level that a word in a structured entry stands for; `null` for none. */
export function levelNamed(word: string): Level | null {
  return LEVELS[word.toUpperCase()] ?? null;
}

const WORD =
  '(?<level>TRACE|DEBUG|INFO|NOTICE|DEFAULT|WARNING|WARN|ERROR|FATAL|SEVERE|CRITICAL|ALERT|EMERGENCY)';

/**
 * Each anchored at the beginning and bounded. Behind a prefix that every line of a traceback may have, one blank belongs to it
 * and the others are the indentation.
 */
const PREFIXES: readonly RegExp[] = [
  // Times: ISO and the like, with a comma, in brackets, of the day alone; 26/01/31 12:00:00 of Spark; Jan 31 12:00:00.
  /^\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?:Z| ?UTC| ?[+-]\d{2}:?\d{2})?\]?[:,]?(?: |\t|$)/,
  /^\[?\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?[AP]M)?\]?(?: |\t|$)/,
  /^\d{2}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2} /,
  /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d{2}:\d{2}:\d{2} /,
  /^\[ {0,9}\d{1,9}\.\d{6}\] /,
  /^(?<level>INFO|WARN|ERRO|FATA|DEBU|PANI)\[\d{4,7}\] /,
  /^time="[^"]{1,60}" level=(?<level>\w{4,8}) msg="?/,
  // Of vLLM, behind its level: 05-12 01:48:42 [core.py:383]
  /^\d{2}-\d{2} \d{2}:\d{2}:\d{2} \[[^\]\s]{1,160}:\d{1,6}\]:?(?: |$)/,
  /^\[(?:\w{1,40}\.(?:py|cc|cpp|go|rs|java)):\d{1,6}(?::\w{1,60})?\] /,
  // Bars of Spark, with what was printed over them.
  /^\[Stage \d{1,6}:[=>\s]{0,200}\(\d{1,9} \+ \d{1,9}\) \/ \d{1,9}\](?=\S)/,
  // glog, absl and what PyTorch makes of it: W1126 09:01:10.000000 7 torch/x.py:719] and [E1126 11:02:10.1 x.cpp:629]
  /^\[?(?<level>[IWEF])\d{3,4} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?: {1,7}\d{1,10})?(?: [^\s\]]{1,200}:\d{1,6}\]?)? ?/,
  /^(?:: )?(?<level>[IWEF]) [^\s\]]{1,200}\.(?:cc|cpp|cu|h|py):\d{1,6}\] /,
  /^(?<level>[IWEF]) (?=[a-z][\w.-]{0,30}: )/,
  /^\[[A-Z]?\d{0,12}[^\s\]]{1,120}\.(?:cc|cpp|cu):\d{1,6}\] ?/,
  // Ranks, tasks, replicas and the steps of a build.
  /^\[(?<stream>(?:rank|local_rank|gpu|node|task|worker|pid|attempt)[ :=#_-]?\d{1,7})\]:? ?/i,
  /^(?<stream>rank ?\d{1,6}): ?/i,
  /^\[(?<stream>[a-z_]{2,20}\d{1,4})\]:/,
  /^\[(?<stream>\d{1,4},\d{1,6})\]<std(?:err|out)>: ?/,
  /^(?<stream>\d{1,2}): (?=\S)/,
  /^(?<stream>(?:worker|node|host|pod|replica|task|launcher|trainer)[-_]?\d{1,4}): ?/i,
  /^(?<stream>(?:workerpool|master|chief|worker|ps|evaluator)-?\d{1,4}(?:-\d{1,4})?)\t/,
  /^\((?<stream>(?:[\w.()<>:-]{1,80}[, ]{1,2})?pid=\d{1,8}|raylet|autoscaler[^)]{0,40}|driver)(?:,[^()]{0,60})?\)(?: |$)/,
  /^(?<stream>Step #\d{1,4}(?: - "[^"]{0,80}")?): ?/,
  /^\[(?:analyzer|builder|detector|exporter|restorer)\] /,
  /^#\d{1,4} (?:\d{1,6}\.\d{1,3} ?|(?=ERROR|error))/,
  /^\d{1,6}\.\d{2,3} (?=\S)/,
  /^(?<stream>[\w.-]{1,40}-\d{1,3}) {1,30}\| ?/,
  /^(?!error\[|warning\[)[\w./-]{1,40}\[[\w.-]{1,20}\]: /,
  /^\[\d{1,7}\] (?=\[)/,
  /^##\[error\]/,
  // What a container runtime, or whoever ran a program, writes of where a line came from.
  /^std(?:out|err)(?: [FP] |: )/,
  // Levels, by whom they are written.
  /^wandb: {1,2}(?:(?<level>ERROR|WARNING|WARN|INFO) )?/,
  new RegExp(`^${WORD}:[\\w./-]{1,60}:(?! )`),
  new RegExp(
    `^(?:\\[[\\w .-]{1,40}\\] )?${WORD} (?!\\S{0,120}(?:Error|Exception|Exit|Interrupt):)(?:[\\w$.]{1,80}\\.[A-Z][\\w$]{0,60}|[A-Z]\\w{2,60})(?: -|:) `,
  ),
  new RegExp(`^[\\w./-]{1,60} {0,4}[|-] {0,2}${WORD} {0,6}[|-] `),
  new RegExp(`^\\| ${WORD} {0,6}\\| [^|]{1,160} - `),
  new RegExp(`^${WORD}\\t`),
  new RegExp(`^\\[${WORD}\\s{0,4}\\]:? {0,2}`),
  new RegExp(`^${WORD}(?=[\\s:|-])(?! [A-Z]{3}) {0,6}[:|-]{0,2} ?`),
  /^(?:\p{Extended_Pictographic}|\ufe0f|[•✗✘✓✔]){1,6}\s{0,3}/u,
];

/** Peels `text`. A line that is nothing but prefixes keeps the last one. */
export function peel(text: string): Peeled {
  let rest = text;
  let stream = '';
  let level: Level | null = null;
  for (let count = 0; count < MOST_PREFIXES; count += 1) {
    // Indented: a frame, or what belongs to the line above.
    if (rest.startsWith(' ') || rest.startsWith('\t')) break;
    const found = prefixOf(rest);
    if (!found) break;
    const left = rest.slice(found[0].length);
    if (left.trim() === '' && count === 0 && found.groups?.level) break;
    rest = left;
    if (found.groups?.stream) stream = stream ? `${stream} ${found.groups.stream}` : found.groups.stream;
    // The last level is that of whoever wrote the message; those before it are of what passed it on.
    level = LEVELS[found.groups?.level ?? ''] ?? level;
  }
  return { text: rest, stream, level };
}

function prefixOf(text: string): RegExpExecArray | null {
  for (const prefix of PREFIXES) {
    const found = prefix.exec(text);
    if (found) return found;
  }
  return null;
}
