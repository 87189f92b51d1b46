import type { Problem } from './problems.ts';

/** The caller asked for something that cannot be: answered 400 with every problem. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map((problem) => `${problem.path || 'body'}: ${problem.message}`).join('; '));
    this.problems = problems;
  }
}

/** A configuration file is wrong: start-up stops, naming key, value and expectation of every problem. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
  constructor(file: string, problems: Problem[]) {
    const lines = problems.map(
      ({ path, message, expected }) =>
        `  ${path || '(the whole file)'}: ${message}${expected ? `; expected ${expected}` : ''}`,
    );
    super(`Cannot use ${file}:\n${lines.join('\n')}`);
  }
}

/** A call did not answer in its time; the message names the call that was pending. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  constructor(operation: string, limitMs: number, options?: ErrorOptions) {
    super(`Cannot finish ${operation}: no answer within ${limitMs} ms`, options);
  }
}

/** A record that was to be written is not as it was read any more: nothing was written, somebody else's change stands. */
export class RecordChanged extends Error {
  override readonly name = 'RecordChanged';
}

/** The run was taken over or closed by somebody else: it may write nothing any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
