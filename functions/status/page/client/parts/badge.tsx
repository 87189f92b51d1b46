import { Icon } from './icon.tsx';
import type { IconName } from './shapes.ts';
import type { Tone } from './tone.ts';

interface BadgeProps {
  icon: IconName;
  tone: Tone;
  word: string;
}

/** A state as a shape, a word and a colour. */
export function Badge({ icon, tone, word }: BadgeProps) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}
