/** One JSON line per event on stdout, as Cloud Logging reads it. */

export type Severity = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';
export type Fields = Record<string, unknown>;

/** The log of a function. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warning(message: string, fields?: Fields): void;
  /** An ERROR line that Error Reporting groups by its stack; `error` may be the text of a stack that was kept. */
  error(message: string, error: unknown, fields?: Fields): void;
  /** The same log with `fields` on every line. */
  with(fields: Fields): Log;
}

const REPORTED_ERROR = 'type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent';

/** A log whose every line carries `fields`; `write` receives whole lines. */
export function createLog(
  fields: Fields = {},
  write: (line: string) => void = (line) => process.stdout.write(line),
): Log {
  const emit = (severity: Severity, message: string, more: Fields) =>
    write(`${JSON.stringify({ severity, message, ...fields, ...more })}\n`);
  return {
    debug: (message, more = {}) => emit('DEBUG', message, more),
    info: (message, more = {}) => emit('INFO', message, more),
    warning: (message, more = {}) => emit('WARNING', message, more),
    error: (message, error, more = {}) =>
      emit('ERROR', message, { '@type': REPORTED_ERROR, stack_trace: stackOf(error), ...more }),
    with: (more) => createLog({ ...fields, ...more }, write),
  };
}

/** The stack of `error` and of every cause below it. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by: ${stackOf(error.cause)}`;
}
