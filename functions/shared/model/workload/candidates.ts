import type { LogLine } from './log/lines.ts';
import { type Stack, stacksIn } from './log/stacks.ts';
import { type Frame, messageFrom, namesException, type Traceback, tracebacksIn } from './log/traceback.ts';
import type { Match, Reader } from './rules/all.ts';
import type { Category, Kind } from './rules/rule.ts';
import { LONGEST_SHOWN, shorten } from './shorten.ts';
import { type Recovery, type Signs, signsOf } from './signs.ts';

/** Whatever in a log could be the reason. */

export interface Candidate {
  at: number;
  stream: string;
  /** The rule that it fits; `traceback` and the like where none does. */
  rule: string;
  category: Category;
  kind: Kind | 'traceback';
  vague: boolean;
  /** It ended a traceback, so a program ended by it unless something went on. */
  raised: boolean;
  /** The traceback itself was printed, and not its last line alone. */
  trace: boolean;
  /** Said as a warning, or with the words that it is tried again. */
  weak: boolean;
  /** Signs afterwards that the work went on. */
  recovered: Recovery;
  /** Where its stream first said something ordinary afterwards, which is less than a sign; `null` for nowhere. */
  wentOnAt: number | null;
  /** What is shown; where that is too long, the part that the rule is about. */
  text: string;
  focus: readonly [from: number, to: number];
  hint: string | null;
  frame: Frame | null;
  /** What it was raised from. */
  causedBy: string | null;
}

/** Where a traceback breaks off before it names its exception. */
export interface CutOff {
  frame: Frame | null;
}

export interface Found {
  candidates: Candidate[];
  cutOff: CutOff | null;
}

/** Raised by what looks after others: it says that one failed, and not why. */
const WRAPPER =
  /ChildFailedError|LaunchError|CalledProcessError|exited unexpectedly|LocalEntryNotFoundError|ExceptionGroup|BrokenProcessPool|ProcessRaisedException|ProcessExitedException|RayTaskError|RemoteTraceback|Caught \w{1,80} in DataLoader worker|SignalException|^SystemExit(?:: \d{1,3})?$|TerminatedWorkerError|Py4JJavaError|PapermillExecutionError|EngineDeadError|RayActorError|InstantiationException|ActorDiedError|TrainingFailedError|WorkerCrashedError|Trials did not complete|initialization failed\. See root cause|See (?:the )?(?:root cause|stack trace|error) above|: in user code:$|^RetryError|TaskFailed|NonZeroExit|UnexpectedExit|Error compiling objects for extension|one or more (?:child|worker|sub)?-?process(?:es)? failed|Job failed|Training failed$/i;
const AGAIN =
  /\bretry(?:ing)?\b|will (?:be )?retr|\battempt \d{1,4}(?:\/| of )\d|fall(?:ing)? ?back|ignor(?:ed|ing)\b|skipp(?:ed|ing)\b|non-fatal|(?<!before )\bcontinuing\b|best-effort|\bdropped\b|\binstead$/i;
/** What stands before words of no consequence. */
const REMARK = /^(?:warning|notice|note|info|hint|tip) ?:/i;
const RETRIED = /\bretrying\b|[;,] restarting\b/i;
const GOES_ON =
  /:$|^TIMEOUT$|: (?:\w{1,20} )?[Ee]rror$|validation errors? for \S{1,80}$|^terminate called after throwing/;
/** What kinds of statements may be what the line of an exception is about. */
const TITLES: readonly Kind[] = ['cause', 'exception', 'verdict', 'consequence'];
const GENERAL: readonly Category[] = ['python', 'crash'];
/** A longer line is a message, and announces nothing. */
const LONGEST_TITLE = 200;
const LEAST_HEADING = 60;

/** Whether a category says more than that a program ended by its own error. */
export function isSpecific({ category }: Pick<Candidate, 'category'>): boolean {
  return !GENERAL.includes(category);
}

/** Looks through the lines of one attempt. */
export function candidatesIn(lines: readonly LogLine[], read: Reader): Found {
  const candidates: Candidate[] = [];
  let cutOff: CutOff | null = null;
  for (const [, own] of Map.groupBy(lines, ({ stream }) => stream)) {
    const tracebacks = tracebacksIn(own);
    const stacks = stacksIn(own);
    const taken = placesOf([...tracebacks, ...stacks]);
    const after = signsOf(own, taken, read);
    for (const chain of chainsOf(tracebacks)) {
      const last = chain.at(-1) as Traceback;
      if (last.message.length === 0) cutOff = { frame: last.frame };
      const candidate = ofChain(chain, read);
      if (candidate)
        candidates.push({
          ...candidate,
          trace: true,
          recovered: after.strict(last.end),
          wentOnAt: after.ordinary(last.end),
        });
    }
    for (const stack of stacks) {
      const { end } = stack;
      candidates.push({
        ...ofStack(stack, read),
        trace: true,
        recovered: after.strict(end),
        wentOnAt: after.ordinary(end),
      });
    }
    candidates.push(...statementsIn(own, taken, after, read));
  }
  return { candidates: candidates.sort((a, b) => a.at - b.at), cutOff };
}

/** Tracebacks that belong together, each raised from the one before or while it was handled. */
function chainsOf(tracebacks: readonly Traceback[]): Traceback[][] {
  const chains: Traceback[][] = [];
  for (const traceback of tracebacks) {
    if (traceback.ignored) continue;
    const chain = chains.at(-1);
    if (traceback.after && chain) chain.push(traceback);
    else chains.push([traceback]);
  }
  return chains;
}

/**
 * What a chain comes to. Of a chain in which something special stands, such as that a host has no name, that is it; else its
 * last exception, for whoever raised it meant it to be read; its root where the last one only wraps it. Where all of them
 * only wrap, the last one points at what else there is. `null` for one that was cut off.
 */
function ofChain(chain: readonly Traceback[], read: Reader): Candidate | null {
  const closed = chain.filter(({ message }) => message.length > 0);
  const matched = closed
    .map((traceback) => ({ traceback, ...matchIn(traceback, read) }))
    .filter(({ match }) => match);
  const special = matched.filter(({ match }) => match && isSpecific(match.rule));
  const causes = special.filter(({ match }) => match?.rule.kind !== 'consequence');
  const clear = causes.filter(({ match }) => !match?.rule.vague);
  const named = clear.find(({ match }) => match?.rule.kind === 'cause') ?? clear[0] ?? causes[0];
  if (named?.match) return raised(named.traceback, named.line, named.match);

  const telling = closed.filter(({ message: [title] }) => title && !WRAPPER.test(title.text));
  const last = closed.at(-1);
  const chosen = last && telling.includes(last) ? last : telling[0];
  const [title] = (chosen ?? last)?.message ?? [];
  if (!last || !title) return null;
  const meaning = read(title.text);
  if (!chosen) return meaning.isNoise ? null : pointer(raised(last, title, null));
  const root = telling[0];
  const origin = root?.message[0]?.text;
  // What another process raised is raised once more where it is waited for.
  const causedBy = origin !== undefined && origin !== title.text ? origin : null;
  return { ...raised(chosen, title, meaning.match), causedBy };
}

function pointer(wrapped: Candidate): Candidate {
  return { ...wrapped, rule: 'wrapped', category: 'unknown', kind: 'pointer' };
}

/** The line of a message that says most, with the rule that it fits. */
function matchIn({ message }: Traceback, read: Reader): { line: LogLine; match: Match | null } {
  const matches = message.map((line) => {
    const { isNoise, match } = read(line.text);
    return { line, match: isNoise ? null : match };
  });
  const special = matches.filter(({ line, match }, at) => {
    if (!match || !isSpecific(match.rule)) return false;
    const { kind } = match.rule;
    // Below its own line, what is not indented may be somebody else's.
    return at === 0 ? TITLES.includes(kind) : kind === 'cause' || (kind === 'exception' && line.indent > 0);
  });
  const [best] = [...special.filter(({ match }) => !match?.rule.vague), ...special];
  return best ?? (matches[0] as { line: LogLine; match: Match | null });
}

function raised({ stream, message, frame }: Traceback, line: LogLine, match: Match | null): Candidate {
  return {
    ...plain(line),
    stream,
    ...(match && ofMatch(match)),
    kind: match && isSpecific(match.rule) ? match.rule.kind : 'traceback',
    raised: true,
    text: withMore(line, message),
    frame,
  };
}

function ofStack({ stream, top, root }: Stack, read: Reader): Candidate {
  const { match } = read(root.text);
  return {
    ...plain(root),
    stream,
    category: 'crash',
    rule: 'stack',
    ...(match && ofMatch(match)),
    kind: match && isSpecific(match.rule) ? match.rule.kind : 'traceback',
    raised: true,
    causedBy: null,
    text: root === top ? top.text : root.text,
  };
}

/** Every line that is not `taken` and that a rule knows, or that names an exception. */
function statementsIn(
  lines: readonly LogLine[],
  taken: ReadonlySet<number>,
  after: Signs,
  read: Reader,
): Candidate[] {
  return lines.flatMap((line, place) => {
    if (line.text === '' || taken.has(line.at) || read(line.text).isNoise) return [];
    const isNamed = line.indent === 0 && namesException(line.text);
    const made = isNamed ? lone(lines, place, read) : statement(line, lines.slice(place, place + 3), read);
    if (!made) return [];
    const isVerdict = made.kind === 'verdict';
    const quiet =
      line.level === 'warning' || line.level === 'info' || REMARK.test(line.text) || AGAIN.test(line.text);
    // The platform's last word may be quiet, but it tries nothing again.
    const weak = isVerdict ? RETRIED.test(line.text) : quiet;
    const recovered = isVerdict ? after.strict(line.at) : after.any(line.at);
    return [{ ...made, weak, recovered, wentOnAt: after.ordinary(line.at) }];
  });
}

function placesOf(ranges: readonly { begin: number; end: number }[]): ReadonlySet<number> {
  const places = new Set<number>();
  for (const { begin, end } of ranges) for (let at = begin; at <= end; at += 1) places.add(at);
  return places;
}

/** An exception whose traceback nobody printed: by itself it proves no end, unless its message does. */
function lone(lines: readonly LogLine[], place: number, read: Reader): Candidate | null {
  const { stream, at } = lines[place] as LogLine;
  const message = messageFrom(lines, place);
  const made = ofChain(
    [{ stream, begin: at, end: at, message, frame: null, after: null, ignored: false }],
    read,
  );
  return made && { ...made, raised: isSpecific(made) };
}

function statement(line: LogLine, following: readonly LogLine[], read: Reader): Candidate | null {
  const { match } = read(line.text);
  if (!match) return null;
  const text = match.rule.says?.(match.found) ?? withMore(line, following);
  return { ...plain(line), ...ofMatch(match), kind: match.rule.kind, text };
}

function plain({ at, stream, text }: LogLine): Candidate {
  return {
    at,
    stream,
    rule: 'exception',
    category: 'python',
    kind: 'traceback',
    vague: false,
    raised: false,
    trace: false,
    weak: false,
    recovered: 0,
    wentOnAt: null,
    text,
    focus: [0, 0],
    hint: null,
    frame: null,
    causedBy: null,
  };
}

function ofMatch({ rule, found }: Match) {
  return {
    rule: rule.name,
    category: rule.category,
    vague: rule.vague === true,
    hint: rule.hint ?? null,
    focus: [found.index, found.index + found[0].length] as const,
  };
}

/** A line with what it only announces: `Error(s) in loading state_dict for Net:` and the key that is missing. */
function withMore(line: LogLine, lines: readonly LogLine[]): string {
  if (!GOES_ON.test(line.text) || line.text.length > LONGEST_TITLE) return line.text;
  const behind = lines.filter(({ at, text }) => at > line.at && /[\p{L}\d]/u.test(text));
  const more = behind.slice(0, line.text.endsWith(':') ? 1 : 2).map(({ text }) => text);
  // So that what it announces is not what is cut out.
  const room = LONGEST_SHOWN - more.join(' ').length - 1;
  return [shorten(line.text, Math.max(room, LEAST_HEADING)), ...more].join(' ');
}
