#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target of the repository, one after the other, for some
# seconds each. What a target finds stays in its package's testdata/fuzz, and
# `go test` runs it from then on.
#
# usage: hack/fuzz.sh [seconds per target] [pattern of the targets' names]
set -euo pipefail

seconds="${1:-10}"
pattern="${2:-.}"
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: the seconds per target are a number, not '$seconds'" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Lines of "directory target".
targets() {
  grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+\(f \*testing\.F\)' . |
    sed -E 's|^\./(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]+).*|\1 \2|' | sort
}

ran=0
failed=()
while read -r dir target; do
  [[ "$dir $target" =~ $pattern ]] || continue
  printf '== %s %s, %s s\n' "$dir" "$target" "$seconds"
  # -run=NONE: the other tests have their own time. Minimising what is only new, and not wrong, is left out.
  if ! go test -run='^NONE$' -fuzz="^$target\$" -fuzztime="${seconds}s" -fuzzminimizetime=1x "./$dir"; then
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
printf 'fuzz: %d targets, %s s each, all well\n' "$ran" "$seconds"
