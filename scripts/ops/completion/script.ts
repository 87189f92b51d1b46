import type { Command } from 'commander';

export type Shell = 'bash' | 'zsh';

/** A command by the words that lead to it, and the words that may follow. */
interface Place {
  path: string;
  words: string[];
}

/**
 * A script that completes the commands and flags of `program` in a shell: it walks along what was typed as far as that names
 * commands, and offers what may follow.
 */
export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, '');
  const paths = places.flatMap(({ path }) => (path === '' ? [] : [`"${path}"`])).join('|');
  const cases = (offer: (words: string) => string) =>
    places.map(({ path, words }) => `    "${path}") ${offer(words.join(' '))} ;;`).join('\n');
  const walk = `    case "$at $word" in ${paths}) at="$at $word" ;; esac`;
  if (shell === 'bash')
    return `_nightshift_ops() {
  local at="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${walk}
  done
  local words=""
  case "$at" in
${cases((words) => `words="${words}"`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nightshift_ops nightshift-ops ops`;
  return `_nightshift_ops() {
  local at="" word
  for word in \${words[2,CURRENT-1]}; do
${walk}
  done
  case "$at" in
${cases((words) => `compadd -- ${words}`)}
  esac
}
compdef _nightshift_ops nightshift-ops ops`;
}

function placesOf(command: Command, path: string): Place[] {
  const words = [
    ...command.commands.map((below) => below.name()),
    ...command.options.flatMap(({ long }) => long ?? []),
    '--help',
  ];
  return [
    { path, words },
    ...command.commands.flatMap((below) => placesOf(below, `${path} ${below.name()}`)),
  ];
}
