import { FieldValue } from '@google-cloud/firestore';
import { http } from '@google-cloud/functions-framework';
import { z } from 'zod';
import { sleep } from '../../functions/shared/concurrency.ts';
import { serve } from '../../functions/shared/http/serve.ts';
import type { Task } from '../../functions/shared/run/task.ts';
import { startFunction } from '../../functions/shared/start.ts';

/** A function whose task does what its body says, served like every other one. */

const fixtureInput = z.strictObject({
  dryRun: z.boolean().optional(),
  /** How long it works, heeding its signal or not. */
  workMs: z.number().optional(),
  ignoresSignal: z.boolean().optional(),
  /** Throws this, below a cause, after its work. */
  throws: z.string().optional(),
  partial: z.boolean().optional(),
  /** Counts itself up in `effects/{id}`, through run.commit. */
  effect: z.string().optional(),
});

/** The limits that a test gives it. */
const limits = JSON.parse(process.env.FIXTURE_LIMITS ?? '{}');
const { db, options } = startFunction('fixture', limits);

const fixture: Task<z.infer<typeof fixtureInput>> = {
  name: 'fixture',
  input: () => fixtureInput,
  async run({ input, signal, commit, dryRun }) {
    if (input.workMs) await sleep(input.workMs, input.ignoresSignal ? undefined : signal);
    if (input.throws) throw new Error(input.throws, { cause: new RangeError('the cause below') });
    const { effect } = input;
    if (effect && !dryRun)
      await commit((batch) =>
        batch.set(db.doc(`effects/${effect}`), { count: FieldValue.increment(1) }, { merge: true }),
      );
    return { outcome: input.partial ? 'partial' : 'succeeded', summary: { worked: input.workMs ?? 0 } };
  },
};

http('fixture', serve(fixture, options));
