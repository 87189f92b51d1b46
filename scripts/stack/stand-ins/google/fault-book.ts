import type { AnyRule, Fault } from './faults.ts';

/** The faults of a stand-in, to be changed while it runs. */
export interface Faults<Rule extends AnyRule> {
  /** Adds a rule, which goes before those that are there; returns what takes it away again. */
  add(rule: Rule): () => void;
  clear(): void;
}

/** The rules, and for a request those that apply: latencies, up to and with the first other fault. */
export function faultRegistry<Rule extends AnyRule, Asked>(
  applies: (rule: Rule, asked: Asked) => boolean,
): Faults<Rule> & { take(asked: Asked): Fault[] } {
  let rules: { rule: Rule; left: number }[] = [];
  return {
    add(rule) {
      const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY };
      rules.unshift(entry);
      return () => {
        rules = rules.filter((each) => each !== entry);
      };
    },
    clear() {
      rules = [];
    },
    take(asked) {
      const taken: Fault[] = [];
      for (const entry of rules) {
        if (entry.left <= 0 || !applies(entry.rule, asked)) continue;
        entry.left -= 1;
        taken.push(entry.rule.fault);
        if (entry.rule.fault.kind !== 'latency') break;
      }
      return taken;
    },
  };
}
