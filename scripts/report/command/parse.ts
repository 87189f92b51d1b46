import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Checkpoint, EndState, Progress, ToldEnd } from '../outbox/report.ts';
import { bytesOf, millisecondsOf } from './amounts.ts';

/** The command line as it was meant. Pure. */

/** What every verb takes; what is missing comes from the environment. */
export interface Flags {
  job?: string;
  source?: string;
  url?: string;
  outbox?: string;
  execution?: string;
  strict: boolean;
}

export interface ExecOptions {
  graceMs: number;
  lingerMs: number;
  maxRuntimeMs: number | undefined;
  mayRetry: boolean;
  progressFile: string | undefined;
  tailBytes: number | undefined;
  onEnded: 'continue' | 'stop';
  command: string[];
}

export type Command =
  | { verb: 'exec'; flags: Flags; options: ExecOptions }
  | { verb: 'start'; flags: Flags }
  | { verb: 'beat'; flags: Flags }
  | { verb: 'status'; flags: Flags }
  | { verb: 'progress'; flags: Flags; progress: Progress }
  | { verb: 'checkpoint'; flags: Flags; checkpoint: Checkpoint }
  | { verb: 'end'; flags: Flags; end: ToldEnd }
  | { verb: 'sync'; flags: Flags; waitMs: number }
  | { verb: 'help' };

/** The command line cannot be understood, and nothing was done. */
export class Misuse extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Record<string, string | boolean | undefined>;

const text = { type: 'string' } as const;
const yes = { type: 'boolean' } as const;
const COMMON: Options = { job: text, source: text, url: text, outbox: text, strict: yes, help: yes };
const OPEN: Options = { ...COMMON, execution: text };

const OPTIONS: Record<string, Options> = {
  exec: {
    ...COMMON,
    grace: text,
    linger: text,
    'may-retry': yes,
    'max-runtime': text,
    'progress-file': text,
    tail: text,
    'on-ended': text,
  },
  start: COMMON,
  beat: OPEN,
  progress: { ...OPEN, step: text, of: text, note: text },
  checkpoint: { ...OPEN, step: text },
  end: { ...OPEN, 'exit-code': text, error: text, 'may-retry': yes },
  sync: { ...COMMON, wait: text },
  status: COMMON,
};

/** Reads the words of a command line; throws Misuse. */
export function parse(argv: readonly string[]): Command {
  const [verb = '', ...rest] = argv;
  if (['', 'help', '--help', '-h'].includes(verb)) return { verb: 'help' };
  const options = Object.hasOwn(OPTIONS, verb) ? OPTIONS[verb] : undefined;
  if (!options) throw new Misuse(`report ${verb}: no such command; report help lists them`);
  try {
    return parsed(verb, options, rest);
  } catch (error) {
    // Node explains at length how else it could have been meant.
    const [first = ''] = (error as Error).message.split(/\. |\n/);
    throw new Misuse(`report ${verb}: ${first}`);
  }
}

function parsed(verb: string, options: Options, rest: string[]): Command {
  const dashes = rest.indexOf('--');
  const own = verb === 'exec' && dashes >= 0 ? rest.slice(0, dashes) : rest;
  const { values, positionals } = parseArgs({ args: own, options, allowPositionals: true }) as {
    values: Values;
    positionals: string[];
  };
  if (values.help) return { verb: 'help' };
  const flags = flagsOf(values);
  const word = oneOf(verb, positionals);
  switch (verb) {
    case 'exec':
      return { verb, flags, options: execOptions(values, dashes < 0 ? [] : rest.slice(dashes + 1)) };
    case 'progress':
      return { verb, flags, progress: progressOf(values, word) };
    case 'checkpoint':
      if (!word) throw new Error('name the URI of the checkpoint');
      return {
        verb,
        flags,
        checkpoint: { uri: word, ...(values.step && { step: numberOf(values, 'step') }) },
      };
    case 'end':
      return { verb, flags, end: endOf(values, word) };
    case 'sync':
      return { verb, flags, waitMs: durationOf(values, 'wait') ?? 0 };
    default:
      return { verb: verb as 'start' | 'beat' | 'status', flags };
  }
}

function flagsOf(values: Values): Flags {
  const flags: Flags = { strict: values.strict === true };
  for (const name of ['job', 'source', 'url', 'outbox', 'execution'] as const)
    if (typeof values[name] === 'string') flags[name] = values[name];
  return flags;
}

function execOptions(values: Values, command: string[]): ExecOptions {
  if (command.length === 0) throw new Error('no command; write it after --');
  const onEnded = values['on-ended'] ?? 'continue';
  if (onEnded !== 'continue' && onEnded !== 'stop')
    throw new Error(`--on-ended: continue or stop, not "${onEnded}"`);
  const tail = values.tail as string | undefined;
  const tailBytes = tail === undefined ? undefined : bytesOf(tail);
  if (tail !== undefined && tailBytes === undefined)
    throw new Error(`--tail: a size such as 4k, not "${tail}"`);
  return {
    graceMs: durationOf(values, 'grace') ?? 10_000,
    lingerMs: durationOf(values, 'linger') ?? 2_000,
    maxRuntimeMs: durationOf(values, 'max-runtime'),
    mayRetry: values['may-retry'] === true,
    progressFile: values['progress-file'] as string | undefined,
    tailBytes,
    onEnded,
    command,
  };
}

/** The one word that a verb may take. */
function oneOf(verb: string, words: string[]): string | undefined {
  const most = ['progress', 'checkpoint', 'end'].includes(verb) ? 1 : 0;
  if (words.length <= most) return words[0];
  throw new Error(
    `"${words[most]}" is one word too many${verb === 'exec' ? '; write the command after --' : ''}`,
  );
}

function progressOf(values: Values, word: string | undefined): Progress {
  const fraction = word === undefined ? undefined : Number(word);
  if (fraction !== undefined && !(word !== '' && fraction >= 0 && fraction <= 1))
    throw new Error(`a fraction from 0 to 1, not "${word}"`);
  const progress: Progress = {
    ...(fraction !== undefined && { fraction }),
    ...(values.step !== undefined && { step: numberOf(values, 'step') }),
    ...(values.of !== undefined && { of: numberOf(values, 'of') }),
    ...(typeof values.note === 'string' && { note: values.note.slice(0, 500) }),
  };
  if (Object.keys(progress).length === 0) throw new Error('say how far it is: a fraction, --step or --note');
  return progress;
}

function endOf(values: Values, word: string | undefined): ToldEnd {
  if (!isEndState(word)) throw new Error(`completed, failed or cancelled, not "${word ?? ''}"`);
  return {
    state: word,
    ...(values['exit-code'] !== undefined && { exitCode: numberOf(values, 'exit-code') }),
    ...(typeof values.error === 'string' && { error: values.error.slice(0, 2_000) }),
    ...(values['may-retry'] === true && word === 'failed' && { final: false }),
  };
}

function isEndState(word: string | undefined): word is EndState {
  return word === 'completed' || word === 'failed' || word === 'cancelled';
}

function durationOf(values: Values, name: string): number | undefined {
  const value = values[name];
  if (typeof value !== 'string') return undefined;
  const milliseconds = millisecondsOf(value);
  if (milliseconds === undefined) throw new Error(`--${name}: a duration such as 10s or 5m, not "${value}"`);
  return milliseconds;
}

function numberOf(values: Values, name: string): number {
  const number = Number(values[name]);
  if (values[name] === '' || !Number.isInteger(number) || number < 0)
    throw new Error(`--${name}: a whole number, not "${values[name]}"`);
  return number;
}
