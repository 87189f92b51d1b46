import { Icon, type IconName } from './icon.tsx';

/** How a thing is coloured: what is wrong, what wants a look, what goes on, what is well, and what says nothing. */
export type Tone = 'bad' | 'warn' | 'busy' | 'good' | 'calm';

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
