import { readFileSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Who acts, as far as this machine knows: gcloud's account, else the user of this computer. It is stored beside what a
 * person says of a job, and is not checked.
 */
export function operatorName(isReal: boolean, variables: NodeJS.ProcessEnv): string {
  const account = isReal ? gcloudAccount(variables) : undefined;
  return account ?? `${userOf(variables)} on ${hostname()}`;
}

/** The account that gcloud acts as, read from its files: starting gcloud takes a second. */
function gcloudAccount(variables: NodeJS.ProcessEnv): string | undefined {
  const { CLOUDSDK_CORE_ACCOUNT: given, CLOUDSDK_CONFIG, CLOUDSDK_ACTIVE_CONFIG_NAME: named } = variables;
  if (given) return given;
  const folder = CLOUDSDK_CONFIG || join(variables.HOME || homedir(), '.config/gcloud');
  try {
    const active = named || readFileSync(join(folder, 'active_config'), 'utf8').trim();
    const config = readFileSync(join(folder, 'configurations', `config_${active}`), 'utf8');
    const [, core = ''] = /^\[core\]\s*$([^[]*)/m.exec(config) ?? [];
    return /^\s*account\s*=\s*(\S+)\s*$/m.exec(core)?.[1];
  } catch {
    // There is no gcloud, or no account in it.
    return undefined;
  }
}

function userOf({ USER, USERNAME }: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    // A user of a container that has no entry in its passwd.
    return USER || USERNAME || 'somebody';
  }
}
