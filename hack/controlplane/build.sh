#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Puts etcd, kube-apiserver, kube-controller-manager and kubectl into
# bin/controlplane/. The first two and kubectl are downloaded by setup-envtest,
# where its index answers at once and has this very version; what is left is
# built from the Go modules. kube-controller-manager is in no download.
#
# KUBEBUILDER_ASSETS, when it names a directory with etcd, kube-apiserver and
# kubectl, is used instead: they are linked.
#
# ENVTEST_PATIENCE   seconds that the index may take (5); 0 downloads nothing
# ENVTEST_DOWNLOAD   seconds that the download may take then (90)
# ENVTEST_INDEX      another index than the tool's own
#
# usage: hack/controlplane/build.sh [--force]
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
out="${CONTROLPLANE_DIR:-$root/bin/controlplane}"
stamp="$out/.stamp"
started=$SECONDS
heartbeat=""
compiler=""

say() { printf 'controlplane: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

stop_heartbeat() {
  [[ -n "$heartbeat" ]] || return 0
  kill "$heartbeat" 2>/dev/null || true
  wait "$heartbeat" 2>/dev/null || true
  heartbeat=""
}

# bash runs a trap only between commands, so the compiler is a background
# process that is waited for: a signal then ends the build at once.
stop() {
  stop_heartbeat
  rm -f "$out"/.envtest.out "$out"/.envtest.err
  [[ -z "$compiler" ]] || kill "$compiler" 2>/dev/null || true
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A line every 20 seconds, so that nobody thinks the build hangs.
start_heartbeat() { # what, usual duration
  local what=$1 usual=$2 begin=$SECONDS
  (
    exec 9>&- # the lock is not for this process
    nap=""
    trap '[[ -z "$nap" ]] || kill "$nap" 2>/dev/null; exit 0' TERM
    while true; do
      sleep 20 >/dev/null 2>&1 &
      nap=$!
      wait "$nap"
      say "  $what: $((SECONDS - begin)) s so far (usually $usual)"
    done
  ) &
  heartbeat=$!
}

module_version() { # module path
  awk -v m="$1" '$1 == m && $2 ~ /^v/ { print $2; exit }' "$here/go.mod"
}

# The staging modules are published as v0.X.Y for Kubernetes v1.X.Y. A
# half-done upgrade would still compile, so it is refused here.
check_replacements() {
  local want="v0.${kube_version#v1.}" wrong
  wrong="$(awk -v want="$want" '$2 == "=>" && $4 != want { print $1 " " $4 }' "$here/go.mod")"
  [[ -z "$wrong" ]] || die "hack/controlplane/go.mod: k8s.io/kubernetes is $kube_version, so each replacement must be $want; not so: $wrong"
}

# Empty when there is nothing to reuse.
find_assets() {
  local dir=${KUBEBUILDER_ASSETS:-} tool
  [[ -n "$dir" && -d "$dir" ]] || return 0
  dir="$(cd "$dir" && pwd -P)"
  [[ ! -d "$out" || "$dir" != "$(cd "$out" && pwd -P)" ]] || return 0
  for tool in etcd kube-apiserver kubectl; do
    if [[ ! -x "$dir/$tool" ]]; then
      say "KUBEBUILDER_ASSETS=$dir has no $tool, so it is not used"
      return 0
    fi
  done
  printf '%s' "$dir"
}

# The tool that controller-runtime has for this, with the version and checksum of hack/tools.
setup_envtest() {
  local version tool
  version="$(awk '$1 == "sigs.k8s.io/controller-runtime/tools/setup-envtest" && $2 ~ /^v/ { print $2; exit }' "$root/hack/tools/go.mod")"
  tool="$root/bin/setup-envtest-$version"
  if [[ ! -x "$tool" ]]; then
    CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=readonly" GOWORK=off \
      go build -C "$root/hack/tools" -trimpath -o "$tool" sigs.k8s.io/controller-runtime/tools/setup-envtest </dev/null
  fi
  printf '%s' "$tool"
}

# limited SECONDS COMMAND...: with its last line of complaint in $why if it fails.
why=""
limited() {
  local limit=$1 code=0
  shift
  timeout --kill-after=2 "$limit" "$@" </dev/null >"$out/.envtest.out" 2>"$out/.envtest.err" || code=$?
  case $code in
    0) return 0 ;;
    124 | 137) why="no answer within $limit s" ;;
    *) why="$(grep -v '^[[:space:]]*$' "$out/.envtest.err" | tail -n 1 | cut -c 1-300)" ;;
  esac
  return 1
}

# download puts the prebuilt etcd, kube-apiserver and kubectl into $out, or says in one line why not. The tool compares
# the archive's SHA-512 with the index, and leaves nothing behind where they differ.
download() {
  local tool found program version=${kube_version#v} index=()
  local patience=${ENVTEST_PATIENCE:-5}
  [[ "$patience" != 0 ]] || return 1
  [[ -z "${ENVTEST_INDEX:-}" ]] || index=(--index "$ENVTEST_INDEX")
  tool="$(setup_envtest)" || { say "no prebuilt binaries: setup-envtest cannot be built"; return 1; }
  if ! limited "$patience" "$tool" list "$version" --bin-dir "$out/.envtest" "${index[@]}"; then
    say "no prebuilt binaries: $why"
    return 1
  fi
  if ! grep -qE "v$version .*$(go env GOOS)/$(go env GOARCH)" "$out/.envtest.out"; then
    say "no prebuilt binaries: the index has no $kube_version for $(go env GOOS)/$(go env GOARCH)"
    return 1
  fi
  say "downloading etcd, kube-apiserver and kubectl $kube_version"
  if ! limited "${ENVTEST_DOWNLOAD:-90}" "$tool" use "$version" --bin-dir "$out/.envtest" --print path "${index[@]}"; then
    say "no prebuilt binaries: $why"
    return 1
  fi
  found="$(<"$out/.envtest.out")"
  [[ "$("$found/kube-apiserver" --version)" == "Kubernetes $kube_version" ]] || {
    say "no prebuilt binaries: the archive's kube-apiserver is $("$found/kube-apiserver" --version 2>&1 | head -n 1), not Kubernetes $kube_version"
    return 1
  }
  for program in etcd kube-apiserver kubectl; do
    install -m 755 "$found/$program" "$out/.$program.new" && mv -f "$out/.$program.new" "$out/$program" || return 1
    say "  $program: downloaded"
  done
}

fingerprint() {
  { cat "$here/go.mod" "$here/go.sum" "${BASH_SOURCE[0]}"; go env GOVERSION GOOS GOARCH; printf '%s' "$assets"; } | sha256sum | cut -d' ' -f1
}

up_to_date() {
  local tool
  [[ -f "$stamp" && "$(cat "$stamp")" == "$(fingerprint)" ]] || return 1
  for tool in etcd kube-apiserver kube-controller-manager kubectl; do
    [[ -x "$out/$tool" ]] || return 1
  done
}

build() { # tool, package, usual duration, ldflags
  local tool=$1 package=$2 usual=$3 ldflags=$4 begin=$SECONDS
  say "building $tool (usually $usual the first time on two cores, seconds after that)"
  start_heartbeat "$tool" "$usual"
  local code=0
  CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=readonly" GOWORK=off \
    go build -C "$here" -trimpath -ldflags "$ldflags" -o "$out/.$tool.new" "$package" </dev/null &
  compiler=$!
  wait "$compiler" || code=$?
  compiler=""
  [[ "$code" -eq 0 ]] || die "building $tool failed; the compiler's message is above"
  stop_heartbeat
  mv -f "$out/.$tool.new" "$out/$tool"
  say "  $tool is built: $((SECONDS - begin)) s ($((SECONDS - started)) s in all)"
}

link() { # tool
  ln -sfn "$assets/$1" "$out/$1"
  say "  $1: linked from KUBEBUILDER_ASSETS"
}

check_runs() {
  local tool
  for tool in "etcd --version" "kube-apiserver --version" "kube-controller-manager --version" "kubectl version --client"; do
    # shellcheck disable=SC2086 # the words of $tool are the command
    "$out"/$tool >/dev/null || die "$out/${tool%% *} does not run on this machine"
  done
}

build_all() {
  local kube_flags="-s -w -X k8s.io/component-base/version.gitVersion=$kube_version"
  if [[ -n "$assets" ]]; then
    say "using etcd, kube-apiserver and kubectl of $assets"
    link etcd
    link kube-apiserver
    link kubectl
    if [[ -x "$assets/kube-controller-manager" ]]; then
      link kube-controller-manager
    else
      build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "4 min" "$kube_flags"
    fi
    return
  fi
  if download; then
    rm -rf "$out/.envtest"
    build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "4 min" "$kube_flags"
    return
  fi
  rm -rf "$out/.envtest"
  say "Kubernetes $kube_version and etcd $etcd_version, from source: about 6 min the first time"
  build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "4 min" "$kube_flags"
  build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "1 min" "$kube_flags"
  build kubectl k8s.io/kubernetes/cmd/kubectl "40 s" "$kube_flags"
  build etcd go.etcd.io/etcd/server/v3 "30 s" "-s -w"
}

command -v go >/dev/null || die "Go is not on the PATH; go.mod says which version is needed"
kube_version="$(module_version k8s.io/kubernetes)"
etcd_version="$(module_version go.etcd.io/etcd/server/v3)"
check_replacements
assets="$(find_assets)"
mkdir -p "$out"

# One build at a time; a second caller waits and then finds it done.
if command -v flock >/dev/null; then
  exec 9>"$out/.lock"
  if ! flock -n 9; then
    say "another build is under way, waiting for it"
    flock 9
  fi
fi

if [[ "${1:-}" != --force ]] && up_to_date; then
  exit 0
fi
rm -f "$stamp"
build_all
check_runs
fingerprint >"$stamp"
say "ready in $out after $((SECONDS - started)) s"
