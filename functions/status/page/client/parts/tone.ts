/** How a thing is coloured: what is wrong, what wants a look, what goes on, what is well, and what says nothing. */
export type Tone = 'bad' | 'warn' | 'busy' | 'good' | 'calm';
