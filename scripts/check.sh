#!/usr/bin/env bash
# The one gate: format and lint, types, tests. Ends at the first section that fails, with its exit code.
# Works from any directory and needs only `npm ci` done before; the emulator's tests also need Java.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

[ -x node_modules/.bin/biome ] || { echo 'Cannot check: the packages are not installed. Run: npm ci' >&2; exit 1; }

fail() {
  printf '\n=== FAILED: %s (exit code %s), after %s s\n' "$1" "$2" "$SECONDS" >&2
  exit "$2"
}

section() {
  local title=$1
  shift
  printf '\n=== %s\n\n' "$title"
  "$@" || fail "$title" $?
}

# Starts a section beside the others; what it writes is kept for `finish`.
titles=() pids=()
begin() {
  titles+=("$1")
  shift
  local output=$outputs/${#pids[@]}
  : > "$output"
  "$@" > "$output" 2>&1 &
  pids+=($!)
}

# Shows what was begun, one section after the other: what each wrote so far, and what comes until it ends.
finish() {
  local i
  for i in "${!pids[@]}"; do
    printf '\n=== %s\n\n' "${titles[i]}"
    {
      while kill -0 "${pids[i]}" 2> /dev/null; do
        cat <&3
        sleep 0.5
      done
      cat <&3
    } 3< "$outputs/$i"
    wait "${pids[i]}" || fail "${titles[i]}" $?
  done
}

stop() {
  [ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2> /dev/null || true
  wait
  rm -rf "$outputs"
}

if [ "${1-}" != tests ]; then
  section 'format and lint' biome check --error-on-warnings .
  # The emulator lives too briefly for Java's optimizing compiler, which would take a third of all the time; threads that
  # collect garbage would only be in the way, and with room for it there is less to collect.
  export JAVA_TOOL_OPTIONS="${JAVA_TOOL_OPTIONS:-} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn400m"
  # Many processes load the same modules.
  export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compile"
  export SECONDS
  # With one emulator and one build for all tests.
  exec node scripts/stack/emulator/with-emulator.ts bash scripts/check.sh tests
fi

outputs=$(mktemp -d)
trap stop EXIT

# `nice` is for what only computes: it fills the time in which tests wait for something.
# More threads would each work out the types of the libraries again.
begin 'types' nice tsc -p . --singleThreaded
begin 'types of the page, which runs in a browser' nice tsc -p functions/status/page --singleThreaded

export NIGHTSHIFT_TEST_BUNDLES=$outputs/bundles
mkdir "$NIGHTSHIFT_TEST_BUNDLES"
section 'build' node test/support/bundle.ts "$NIGHTSHIFT_TEST_BUNDLES"

# A test that hangs fails after this long.
limit=--test-timeout=300000
# Loading everything anew for each file would take a third of all the time.
together="node $limit test/support/in-one-process.ts"
begin 'unit tests' nice env -u FIRESTORE_EMULATOR_HOST $together 'test/unit/**/*.test.ts'
# As many processes as keep two cores busy, for each loads everything once; what waits for other processes is in one of them.
days='collect-metrics|ops|status|watch|report|gcs'
processes='infra|ops-process|page|run'
begin 'integration tests of days, of the status and of ops' $together "test/integration/@($days)/**/*.test.ts"
begin 'integration tests of all else' $together "test/integration/{,!($days|$processes)/**/}*.test.ts"
begin 'end-to-end tests, and those with other processes, a browser or Terraform' \
  $together "test/{e2e,integration/@($processes)}/**/*.test.ts"
finish

printf '\n=== All checks passed in %s s\n' "$SECONDS"
