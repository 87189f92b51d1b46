import { addMs } from '../../../functions/shared/dates.ts';
import { mintJobToken, SHORTEST_KEY, TOKEN_KEY } from '../../../functions/shared/job-tokens.ts';
import { shell } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { usage } from '../shared/problem.ts';

interface TokenOptions {
  job: string;
  source: string;
  /** Milliseconds. */
  for: number;
  json?: true;
}

/** Prints a job token, and nothing else: a shell takes it as it is. */
export function mintToken({ job, source, for: ageMs, json }: TokenOptions): void {
  const key = shell().env[TOKEN_KEY] ?? '';
  if (key.length < SHORTEST_KEY)
    throw usage(
      `Cannot sign: ${key === '' ? `${TOKEN_KEY} is not set` : `the key in ${TOKEN_KEY} is too short`}. Expected the key of the deployment, at least ${SHORTEST_KEY} characters`,
    );
  const expires = addMs(new Date(), ageMs);
  const token = mintJobToken({ source, job }, expires, key);
  if (json) printJson({ token, source, job, expiresAt: expires });
  else print(token);
}
