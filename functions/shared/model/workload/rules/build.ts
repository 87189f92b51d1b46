import type { Rule } from './rule.ts';

/** How test runners sum up: what a test tried out is in it, and is not what failed. */
export const TESTS: readonly Rule[] = [
  {
    name: 'test-failed',
    category: 'build',
    kind: 'step',
    pattern:
      /^FAILED \S{1,300}::\S{1,300}(?: - .{0,200})?|^ERROR \S{1,300}\.py(?:::\S{1,200})?(?: - .{0,200})?$|^--- FAIL: \S{1,200}|^FAIL(?::)? \S{1,300}\.(?:test|spec)\.\w{1,4}|^not ok \d{1,6} |Required test coverage of|^test \S{1,200} \.\.\. FAILED$|^Tests?:? {1,8}\d{1,6} failed|Tests run: \d{1,6}, Failures: [1-9]/,
    example: 'FAILED tests/test_pad.py::test_pad - assert 3 == 4',
    counterExample: 'tests/test_pad.py::test_raises_timeout PASSED',
  },
];

/** How build tools and package managers say what failed. */
export const BUILD: readonly Rule[] = [
  {
    name: 'pip',
    category: 'build',
    kind: 'step',
    pattern:
      /Could not find a version that satisfies the requirement \S{1,200}|No matching distribution found for \S{1,200}|ResolutionImpossible|Cannot install .{1,200} because these package versions have conflicting dependencies|Failed (?:building wheel for|to build) \S{1,200}|No solution found when resolving|changed significantly since poetry\.lock|THESE PACKAGES DO NOT MATCH THE HASHES|PackagesNotFoundError|UnsatisfiableError|SolverProblemError|Because .{1,200} version solving failed|requires Python ['"]?[<>=!~]|Could not open requirements file|Invalid requirement: |Could not build wheels for|metadata-generation-failed|Failed to (?:download|fetch) (?:and build )?`/i,
    example: 'ERROR: Could not find a version that satisfies the requirement torchx==9 (from versions: 1.0)',
    counterExample: 'Collecting torchx==1.0',
  },
  {
    name: 'docker-copy',
    category: 'build',
    kind: 'step',
    pattern:
      /(?:COPY|ADD) failed: \S|failed to compute cache key: \S|failed to calculate checksum of ref|unable to (?:prepare context|evaluate symlinks)|failed to read dockerfile|Dockerfile parse error|dockerfile parse error|unknown instruction: |the Dockerfile \(\S{0,200}\) cannot be empty|error checking context|Cannot locate specified Dockerfile/i,
    example:
      'COPY failed: file not found in build context or excluded by .dockerignore: stat src/: file does not exist',
    counterExample: 'Step 3/8 : COPY src/ /app/src/',
  },
  {
    name: 'npm',
    category: 'build',
    kind: 'step',
    pattern:
      /npm (?:ERR!|error) (?:404 |notarget|ERESOLVE|Missing script|Could not resolve|missing: |`npm ci` can only)|ERR_PNPM_[A-Z_]{3,60}|error An unexpected error occurred: |error Couldn't find (?:package|any versions)|Your lockfile needs to be updated|lockfile would have been modified|\berror TS\d{4}: \S|Module not found: (?:Error: )?Can't resolve|Cannot find module '[^']{1,200}' or its corresponding type/,
    example: 'npm ERR! ERESOLVE unable to resolve dependency tree',
    counterExample: 'npm warn deprecated inflight@1.0.6',
  },
  {
    name: 'npm-code',
    category: 'build',
    kind: 'step',
    vague: true,
    pattern: /npm (?:ERR!|error) code E(?!LIFECYCLE)/,
    example: 'npm ERR! code ERESOLVE',
    counterExample: 'npm ERR! code ELIFECYCLE',
  },
  {
    name: 'go-build',
    category: 'build',
    kind: 'step',
    pattern:
      /^\S{1,200}\.go:\d{1,6}:\d{1,5}: \S|no required module provides package|missing go\.sum entry|go: .{1,200}: (?:unknown revision|invalid version|module lookup disabled|reading )|cannot find (?:package|module) ["']?\S{1,200} in any of|build constraints exclude all Go files/,
    example: 'cmd/main.go:12:5: undefined: server.Strat',
    counterExample: 'go: downloading golang.org/x/sys v0.1.0',
  },
  {
    name: 'compiler',
    category: 'build',
    kind: 'step',
    pattern:
      /^\S{1,200}\.(?:c|cc|cpp|cxx|cu|h|hpp|java|kt|rs|swift|scala):\d{1,6}(?::\d{1,5})?: (?:fatal )?error: \S|^\S{1,200}(?:\.java|\.kt|\.scala):\[\d{1,6},\d{1,6}\] \S|^error\[E\d{4}\]: |error: could not compile `|error: linking with `|undefined reference to `|ld: cannot find |ld returned \d|nvcc fatal|^\S{1,200}\.cuh?\(\d{1,6}\): error: |CMake Error|error: Microsoft Visual C\+\+|command '\S{0,80}(?:gcc|g\+\+|cc|clang|nvcc|x86_64-linux-gnu-gcc)' failed|configure: error: |fatal error: \S{1,120}: No such file or directory|Ninja is required|\[ERROR\] COMPILATION ERROR|Compilation failed/,
    example: 'src/kernel.cu:81:3: error: identifier "blockIdy" is undefined',
    counterExample: 'src/kernel.cu:81: warning: unused variable',
  },
  {
    name: 'bazel',
    category: 'build',
    kind: 'step',
    pattern:
      /^(?:\/?\S{1,200}BUILD(?:\.bazel)?:\d{1,6}:\d{1,5}: .{0,300}failed|no such (?:package|target) '|Analysis of target '[^']{1,200}' failed|Build did NOT complete successfully|What went wrong:|Execution failed for task '|Could not resolve (?:all (?:files|dependencies)|dependencies) for|Failed to execute goal )|BUILD FAILURE$|error: Recipe `|make(?:\[\d\])?: \*{3} |No rule to make target/,
    example: "ERROR: no such target '//lib:thing': target 'thing' not declared in package 'lib'",
    counterExample: 'INFO: Build completed successfully, 9 total actions',
  },
  {
    name: 'package-manager',
    category: 'build',
    kind: 'step',
    pattern:
      /^E: (?:Unable to locate package|Package '|Version '|Failed to fetch|Unable to correct problems|Could not get lock|The repository|Sub-process)|No buildpack groups passed detection|unable to select packages|No package .{1,80} available|nothing provides |error: package `\S{1,100}` cannot be built|no matching package named `|failed to select a version for|Could not find artifact|Could not find gem|Bundler could not find compatible versions|Your requirements could not be resolved/,
    example: 'E: Unable to locate package libgl9-mesa',
    counterExample: 'Setting up libgl1-mesa-glx (23.0) ...',
  },
  {
    name: 'git-fetch',
    category: 'build',
    kind: 'step',
    pattern:
      /^fatal: (?:couldn't find remote ref|repository '|not a git repository|remote error|Remote branch|unable to access|reference is not a tree|pathspec)|error: pathspec '|Error fetching source|FETCH_SOURCE_FAILED|could not find (?:source|object) gs:\/\/|invalid (?:image name|build)|invalid value for 'build\.|failed unmarshalling build config|substitution .{0,80}(?:not matched|is not a valid)|key in the template ".{0,80}" (?:is not|does not)/i,
    example: "fatal: couldn't find remote ref refs/heads/releese",
    counterExample: 'From github.com:acme/x * branch main -> FETCH_HEAD',
  },
  {
    name: 'docker-build',
    category: 'build',
    kind: 'step',
    vague: true,
    pattern:
      /failed to solve: \S|returned a non-zero code: \d{1,3}|did not complete successfully: exit code: \d{1,3}|error building image: |Error: building at STEP|executor failed running|kaniko should only be run|failed to register layer|failed to export image|error pushing image|failed to push/i,
    example: "The command '/bin/sh -c make' returned a non-zero code: 2",
    counterExample: 'Successfully built 0123456789ab',
  },
  {
    name: 'build-tool-failed',
    category: 'build',
    kind: 'step',
    vague: true,
    pattern:
      /error: subprocess-exited-with-error|npm (?:ERR!|error) (?!A complete log|\s|$).{0,200}|\[ERROR\] .{0,200}(?:Maven|maven)|Terraform (?:planned|failed)|^Error: (?:Process completed|Command failed)|error Command failed with exit code \d{1,3}|ELIFECYCLE\b|pre-commit .{0,60}failed|Lint(?:ing)? failed|would reformat /,
    example: 'npm ERR! Failed at the web@1.0.0 build script.',
    counterExample: 'npm notice created a lockfile',
  },
];
