/** The package.json of a deployed function. */
export interface Manifest {
  name: string;
  version: string;
  private: true;
  main: string;
  engines: { node: string };
  dependencies: Record<string, string>;
}

/** A package as a lock has it. */
interface LockedPackage {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** A package-lock.json, as far as it matters here. */
export interface Lock {
  lockfileVersion: number;
  packages: Record<string, LockedPackage>;
}

/** The lock of `manifest`: what it needs, in the very versions and places that `ours` has. */
export function lockOf(manifest: Manifest, ours: Lock): object {
  const needed = new Set<string>();
  const need = (from: string, names: Record<string, unknown> = {}, optional = false) => {
    for (const name of Object.keys(names)) {
      const path = nearest(ours, from, name);
      if (!path && !optional)
        throw new Error(`Cannot lock ${manifest.name}: package-lock.json has no ${name}. Run: npm install`);
      if (!path || needed.has(path)) continue;
      needed.add(path);
      const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = ours.packages[
        path
      ] as LockedPackage;
      const [required, wanted] = split(peerDependencies, peerDependenciesMeta);
      need(path, dependencies);
      need(path, required);
      need(path, { ...optionalDependencies, ...wanted }, true);
    }
  };
  need('', manifest.dependencies);
  const { name, version, engines, dependencies } = manifest;
  const packages = Object.fromEntries([...needed].sort().map((path) => [path, ours.packages[path]]));
  return {
    name,
    version,
    lockfileVersion: ours.lockfileVersion,
    requires: true,
    packages: { '': { name, version, dependencies, engines }, ...packages },
  };
}

/** Where Node would find `name` from the package at `from`: in the nearest `node_modules` above. */
export function nearest({ packages }: Lock, from: string, name: string): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const path = `${base}${base && '/'}node_modules/${name}`;
    if (packages[path]) return path;
    if (!base) return undefined;
  }
}

function split(
  peers: Record<string, string> = {},
  meta: Record<string, { optional?: boolean }> = {},
): [Record<string, string>, Record<string, string>] {
  const pick = (optional: boolean) =>
    Object.fromEntries(
      Object.entries(peers).filter(([name]) => (meta[name]?.optional ?? false) === optional),
    );
  return [pick(false), pick(true)];
}
