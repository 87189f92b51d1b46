/** A problem that the person at the terminal can fix: its message is all that is printed, and ends in the command. */
export class StackProblem extends Error {
  override readonly name = 'StackProblem';
}

/** The words of any thrown thing: a person's problem without a stack, everything unexpected with it. */
export function problemInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'StackProblem' || error.name === 'InvalidConfiguration') return error.message;
  // catalog.json and settings.json are imported, so a slip in them is thrown by the loader, not by our own reader.
  const json = error instanceof SyntaxError && /([^/\\]+\/[^/\\]+\.json): (.+)$/s.exec(error.message);
  if (json) return `Cannot read ${json[1]}: ${json[2]}`;
  return error.stack ?? error.message;
}
