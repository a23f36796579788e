#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target of the repository, one after the other: for some time
# each, or for an exact number of inputs, which takes as long as it takes and is
# the same work on every machine. What a target finds stays in its package's
# testdata/fuzz, and `go test` runs it from then on.
#
# usage: hack/fuzz.sh [seconds per target, or <number>x for inputs] [pattern of "directory target"]
set -euo pipefail

budget="${1:-10}"
pattern="${2:-.}"
case "$budget" in
  *x) [[ "$budget" =~ ^[1-9][0-9]*x$ ]] ;;
  *) [[ "$budget" =~ ^[1-9][0-9]*$ ]] && budget="${budget}s" ;;
esac || { echo "fuzz: '$1' is neither a number of seconds nor a number of inputs such as 2000x" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binaries="$PWD/bin/fuzz"
corpus="$(go env GOCACHE)/fuzz"
module="$(go list -m)"
mkdir -p "$binaries"

# Lines of "directory target".
targets() {
  grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+\(f \*testing\.F\)' . |
    sed -E 's|^\./(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]+).*|\1 \2|' | sort
}

# The test binary of a directory, made for fuzzing. Made once: `go test -fuzz` would link it anew for each target.
binary() { printf '%s/%s.test' "$binaries" "${1//\//-}"; }

ran=0
failed=()
built=""
while read -r dir target; do
  [[ "$dir $target" =~ $pattern ]] || continue
  if [[ "$dir" != "$built" ]]; then
    go test -c -fuzz=. -o "$(binary "$dir")" "./$dir"
    built="$dir"
  fi
  printf '== %s %s, %s\n' "$dir" "$target" "$budget"
  # -test.run=NONE: the other tests have their own time. Minimising what is only new, and not wrong, is left out.
  if ! (cd "$dir" && "$(binary "$dir")" -test.run='^NONE$' -test.fuzz="^$target\$" -test.fuzztime="$budget" \
    -test.fuzzminimizetime=1x -test.fuzzcachedir="$corpus/$module/$dir"); then
    failed+=("$dir $target")
  fi
  ran=$((ran + 1))
done < <(targets)

if ((ran == 0)); then
  echo "fuzz: no target matches '$pattern'" >&2
  exit 1
fi
if ((${#failed[@]} > 0)); then
  printf 'fuzz: %s failed; the input is in its testdata/fuzz\n' "${failed[@]}" >&2
  exit 1
fi
printf 'fuzz: %d targets, %s each, all well\n' "$ran" "$budget"
