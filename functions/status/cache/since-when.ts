/** Remembers of so many questions what was answered last. */
const MOST = 200;

/**
 * Returns since when the answer to a question is the same. An answer holds that instant and not the one at which it was
 * read, so that equal data are equal answers, which a viewer need not be sent again.
 */
export function sinceWhen(): (question: string, answer: string, readAt: Date) => Date {
  const last = new Map<string, { answer: string; since: Date }>();
  return (question, answer, readAt) => {
    const before = last.get(question);
    last.delete(question);
    const now = before?.answer === answer ? before : { answer, since: readAt };
    last.set(question, now);
    const [oldest] = last.keys();
    if (last.size > MOST && oldest !== undefined) last.delete(oldest);
    return now.since;
  };
}
