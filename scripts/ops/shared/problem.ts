/**
 * What the exit code of a command says: all is fine, something is wrong, the command was typed wrong and nothing was done,
 * or what it asks gave no answer, so that nothing is known.
 */
export const EXIT = { fine: 0, wrong: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error that the operator can act on: printed in one line, without a stack. */
export class OpsProblem extends Error {
  override readonly name = 'OpsProblem';
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = EXIT.wrong, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The problem of a command that was typed wrong: nothing was done. */
export function usage(message: string): OpsProblem {
  return new OpsProblem(message, EXIT.usage);
}

/** The problem of a command that got no answer: how things stand is not known. */
export function unreachable(message: string, cause?: unknown): OpsProblem {
  return new OpsProblem(message, EXIT.unreachable, cause === undefined ? {} : { cause });
}
