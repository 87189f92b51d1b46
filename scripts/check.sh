#!/usr/bin/env bash
# The one gate: format and lint, types, tests. Stops at the first section that fails, with its exit code.
# Works from any directory and needs only `npm ci` done before; the emulator's tests also need Java.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

[ -x node_modules/.bin/biome ] || { echo 'Cannot check: the packages are not installed. Run: npm ci' >&2; exit 1; }

section() {
  local title=$1 code=0
  shift
  printf '\n=== %s\n\n' "$title"
  "$@" || code=$?
  if [ "$code" -ne 0 ]; then
    printf '\n=== FAILED: %s (exit code %s), after %s s\n' "$title" "$code" "$SECONDS" >&2
    exit "$code"
  fi
}

# The emulators of the tests live too briefly for Java's optimizing compiler, which would take a third of all the time.
export JAVA_TOOL_OPTIONS="${JAVA_TOOL_OPTIONS:-} -XX:TieredStopAtLevel=1"
# Some hundred processes load the same modules.
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compile"
# A test that hangs fails after this long.
limit=--test-timeout=300000

section 'format and lint' biome check --error-on-warnings .
section 'types' tsc -p .
# In one process: they touch nothing that another one could see.
section 'unit tests' node --test --test-isolation=none "$limit" 'test/unit/**/*.test.ts'
# Half of their time they wait, for deadlines to pass and processes to start.
section 'integration and end-to-end tests' \
  node scripts/stack/with-emulator.ts node --test --test-concurrency=3 "$limit" 'test/{integration,e2e}/**/*.test.ts'

printf '\n=== All checks passed in %s s\n' "$SECONDS"
