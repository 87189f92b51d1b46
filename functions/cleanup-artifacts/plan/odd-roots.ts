import { readPlace, uriOf } from '../../shared/model/artifact/artifact.ts';
import type { OddRoot } from '../../shared/model/cleanup/cleanup.ts';
import type { Roots, Said } from './decision.ts';
import type { Meaning, Naming } from './naming.ts';
import { parentage } from './parents.ts';
import type { Candidate } from './rules.ts';

/** The length of the key by which an approval remembers a root. */
const KEY_LENGTH = 200;

/**
 * Returns every root of which it is not certain what it names: among registries and pins, and the artifacts and parents of
 * all `keepers`.
 */
export function oddRootsOf(roots: Roots, keepers: readonly Candidate[], naming: Naming): OddRoot[] {
  const odd: OddRoot[] = [];
  const look = (by: string, said: Said, meaning: Meaning | undefined) => {
    if (meaning?.doubt) odd.push(oddRoot(by, said, meaning, meaning.doubt));
  };
  for (const { said, by } of roots.models) look(by, said, naming.meaningOf(said));
  for (const { said, owner } of roots.pins) look(`a pin of ${owner}`, said, naming.meaningOf(said));
  for (const keeper of keepers) {
    const { job, own, meaning, needsParents } = keeper;
    const { name, artifactUri, resumedFrom } = job;
    if (meaning) look(`${name} artifactUri`, saidIn(artifactUri, meaning), meaning);
    if (own && !needsParents) continue;
    const parents = parentage(keeper, naming);
    if (parents) look(`${name} resumedFrom`, saidIn(resumedFrom, parents), parents);
  }
  return odd;
}

function saidIn(value: string | null, { doubt }: Meaning): Said {
  return value === null ? { is: 'unreadable', why: doubt ?? '' } : { is: 'read', value };
}

function oddRoot(by: string, said: Said, { reach, isUnclear }: Meaning, why: string): OddRoot {
  const keeps = [...new Set(reach.map(uriOf))];
  return { by, why, keeps, key: isUnclear ? keyOf(by, said) : null };
}

/**
 * Returns the key by which an approval remembers a root. Texts of the same host or mounted folder share a key, because the
 * person who approved knows where these are. Other texts have a key of their own. An unreadable value is known by its
 * record and by the texts in it. A key is compared with what was stored, so it must not end in half a character.
 */
function keyOf(by: string, said: Said): string {
  if (said.is === 'unreadable') {
    const texts = said.texts ? ` (${said.texts.length}: ${said.texts.join(' ')})` : '';
    return `${by}: ${said.why}${texts}`.slice(0, KEY_LENGTH).toWellFormed();
  }
  const text = said.value.trim();
  // In Cloud Storage every place is one of ours to keep: who approved one has not seen the next.
  if (readPlace(text).is === 'read') return text.slice(0, KEY_LENGTH).toWellFormed();
  const [stem] = /^(?:[a-z][a-z0-9+.-]*:\/\/(?:[^/]+|\/[^/]+)|\/[^/]+)\//i.exec(text) ?? [];
  return (stem ?? text).slice(0, KEY_LENGTH).toWellFormed();
}
