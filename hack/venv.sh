#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the virtual environment bin/venv with what hack/requirements.txt pins.
# Does nothing when it is there and up to date.
#
# usage: hack/venv.sh [directory]
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
requirements="$here/requirements.txt"
venv="${1:-$here/../bin/venv}"
python="${PYTHON:-python3}"

say() { printf 'venv: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

check_python() {
  command -v "$python" >/dev/null ||
    die "$python is not installed. It is needed for moto and the aws command (Debian: apt-get install python3 python3-venv)."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "$("$python" --version) is too old, 3.10 or later is needed. Name another one with PYTHON=..."
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$python lacks the venv module. On Debian and Ubuntu it is a package of its own: apt-get install python3-venv"
}

fingerprint() {
  { cat "$requirements"; "$python" --version; } | sha256sum | cut -d' ' -f1
}

install() {
  say "installing moto, the aws command and linters into $venv (about a minute)"
  "$python" -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" ||
    die "pip could not install what hack/requirements.txt asks for; its message is above. A package index must be reachable, or set up in pip's configuration."
  "$venv/bin/python" -c 'import moto.server' || die "moto is installed but cannot be loaded"
}

check_python
stamp="$venv/.stamp"
if [[ -x "$venv/bin/python" && -f "$stamp" && "$(cat "$stamp")" == "$(fingerprint)" ]]; then
  exit 0
fi
mkdir -p "$(dirname "$venv")"
install
fingerprint >"$stamp"
say "ready"
