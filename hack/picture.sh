#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the demo in a terminal, and draws from it the picture of the README:
# docs/img/drift.svg. Look at it before you commit it.
#
# usage: make build controlplane venv && hack/picture.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=bin/picture-venv
rich=rich==14.1.0

command -v script >/dev/null || { echo "picture: script is needed, of util-linux" >&2; exit 1; }
if [[ ! -x "$venv/bin/python" || "$(cat "$venv/.stamp" 2>/dev/null)" != "$rich" ]]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$rich"
  echo "$rich" >"$venv/.stamp"
fi
mkdir -p docs/img
recording=$(mktemp)
trap 'rm -f "$recording"' EXIT
script --quiet --return --command hack/demo.sh "$recording"
"$venv/bin/python" hack/picture.py "$recording" "== The same drift, by kubectl fargatesec" "== Mode Enforce repairs it" "make demo" docs/img/drift.svg
echo "picture: look at docs/img/drift.svg"
