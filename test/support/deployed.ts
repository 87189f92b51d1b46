/** A resource of a plan that was applied to a mock: its address and what it holds. */
export interface Deployed {
  type: string;
  address: string;
  index?: string;
  values: Record<string, unknown>;
}

interface Module {
  resources?: Deployed[];
  child_modules?: Module[];
}

/** All resources of the only run in the output of `terraform test -json -verbose`. */
export function deployedIn(output: string): Deployed[] {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { test_state?: { root_module: Module } });
  const [state] = lines.flatMap((line) => (line.test_state ? [line.test_state] : []));
  if (!state) throw new Error(`Cannot find what was deployed: ${output}`);
  return resourcesOf(state.root_module);
}

function resourcesOf({ resources = [], child_modules = [] }: Module): Deployed[] {
  return [...resources, ...child_modules.flatMap(resourcesOf)];
}
