/** An error that the operator can act on: told in one line, without a stack. */
export class OpsProblem extends Error {
  override readonly name = 'OpsProblem';
  /** 2 for a command that was typed wrong, 1 for one that could not be done. */
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The problem of a command that was typed wrong: nothing was done, exit code 2. */
export function usage(message: string): OpsProblem {
  return new OpsProblem(message, 2);
}
