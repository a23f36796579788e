#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Puts etcd, kube-apiserver, kubectl and kube-controller-manager into
# bin/controlplane/. The first three come from where they are to be had soonest:
#
#   1. the directory KUBEBUILDER_ASSETS, where it has them: they are linked
#   2. envtest's newest prebuilt release of the same minor version, which
#      setup-envtest downloads and checks against the SHA-512 sums of its index
#   3. their Go modules: they are built
#
# kube-controller-manager has no prebuilt release, so it is always built (unless
# KUBEBUILDER_ASSETS has it).
#
# usage: hack/controlplane/build.sh [--force] [TOOL...]   without a TOOL: all four
#
# CONTROLPLANE_PREBUILT=no             does not look for prebuilt ones
# CONTROLPLANE_PREBUILT_INDEX=URL      another index than setup-envtest's own
# CONTROLPLANE_PREBUILT_LOOK=SECONDS   how long the index may take (5)
# CONTROLPLANE_PREBUILT_LOAD=SECONDS   how long the download may take (60)
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
out="${CONTROLPLANE_DIR:-$root/bin/controlplane}"
envtest_tools=(etcd kube-apiserver kubectl)
all_tools=("${envtest_tools[@]}" kube-controller-manager)
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
  for tool in "${envtest_tools[@]}"; do
    if [[ ! -x "$dir/$tool" ]]; then
      say "KUBEBUILDER_ASSETS=$dir has no $tool, so it is not used"
      return 0
    fi
  done
  printf '%s' "$dir"
}

# What a tool is made of. It does not say where the tool came from: what is prebuilt has the same minor version as what is built.
fingerprint() {
  { cat "$here/go.mod" "$here/go.sum" "${BASH_SOURCE[0]}"; go env GOVERSION GOOS GOARCH; printf '%s' "$assets"; } | sha256sum | cut -d' ' -f1
}

missing() { # tool...: those that are not there, or not of these versions
  local tool want
  want="$(fingerprint)"
  for tool in "$@"; do
    [[ -x "$out/$tool" && "$(cat "$out/.stamp-$tool" 2>/dev/null)" == "$want" ]] || printf '%s\n' "$tool"
  done
}

is_envtest() { [[ " ${envtest_tools[*]} " == *" $1 "* ]]; }

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
  done_with "$tool"
  say "  $tool is built: $((SECONDS - begin)) s ($((SECONDS - started)) s in all)"
}

link() { # tool
  ln -sfn "$assets/$1" "$out/$1"
  done_with "$1"
  say "  $1: linked from KUBEBUILDER_ASSETS"
}

done_with() { # tool
  check_runs "$1"
  fingerprint >"$out/.stamp-$1"
}

check_runs() { # tool
  local ask=(--version)
  [[ "$1" != kubectl ]] || ask=(version --client)
  "$out/$1" "${ask[@]}" >/dev/null || die "$out/$1 does not run on this machine"
}

# take_prebuilt puts envtest's prebuilt release of these tools into $out, and fails, having said why, where it is not to be had.
take_prebuilt() { # tool...
  local setup=$out/.setup-envtest store=$out/.envtest minor options=() dir tool found
  minor="$(cut -d. -f1,2 <<<"${kube_version#v}")"
  options=(--bin-dir "$store")
  [[ -z "${CONTROLPLANE_PREBUILT_INDEX:-}" ]] || options+=(--index "$CONTROLPLANE_PREBUILT_INDEX")
  GOFLAGS="-buildvcs=false -mod=readonly" GOWORK=off \
    go build -C "$here/prebuilt" -o "$setup" sigs.k8s.io/controller-runtime/tools/setup-envtest || return 1
  found="$(bounded "${CONTROLPLANE_PREBUILT_LOOK:-5}" "the index of prebuilt releases" "$setup" "${options[@]}" list "$minor.x")" || return 1
  if [[ "$found" != *"v$minor."* ]]; then
    say "there is no prebuilt release of Kubernetes $minor for this machine"
    return 1
  fi
  dir="$(bounded "${CONTROLPLANE_PREBUILT_LOAD:-60}" "the prebuilt release" "$setup" "${options[@]}" use -p path "$minor.x")" || return 1
  for tool in "$@"; do
    if [[ ! -x "$dir/$tool" ]]; then
      say "the prebuilt release has no $tool"
      return 1
    fi
  done
  for tool in "$@"; do
    install -m 755 "$dir/$tool" "$out/$tool"
    done_with "$tool"
  done
  say "took envtest's prebuilt release of Kubernetes $minor: $("$out/kube-apiserver" --version), for $* ($((SECONDS - started)) s in all)"
}

# bounded runs a command that uses the network, and gives up after so many seconds. What the command complains about is cut to
# its last line.
bounded() { # seconds, what, command...
  local limit=$1 what=$2 log code=0
  shift 2
  log="$(mktemp)"
  timeout --kill-after=2 "$limit" "$@" 2>"$log" || code=$?
  case "$code" in
    0) ;;
    124 | 137) say "$what did not come within $limit s" ;;
    *) say "$what is not to be had: $(sed '/^[[:space:]]*$/d' "$log" | tail -n 1 | cut -c 1-200)" ;;
  esac
  rm -f "$log"
  return "$code"
}

build_tool() { # tool
  local kube_flags="-s -w -X k8s.io/component-base/version.gitVersion=$kube_version"
  case "$1" in
    etcd) build etcd go.etcd.io/etcd/server/v3 "30 s" "-s -w" ;;
    kubectl) build kubectl k8s.io/kubernetes/cmd/kubectl "40 s" "$kube_flags" ;;
    *) build "$1" "k8s.io/kubernetes/cmd/$1" "4 min, or 1 min after another" "$kube_flags" ;;
  esac
}

# make_all makes the tools that are missing.
make_all() { # tool...
  local tool prebuilt=()
  for tool in "$@"; do
    if is_envtest "$tool"; then prebuilt+=("$tool"); fi
  done
  if [[ -z "$assets" && "${CONTROLPLANE_PREBUILT:-}" != no && "${#prebuilt[@]}" -gt 0 ]]; then
    take_prebuilt "${prebuilt[@]}" || say "so these are built from source: ${prebuilt[*]} (Kubernetes $kube_version, etcd $etcd_version)"
    rm -rf "$out/.envtest"
  fi
  # Those that a step before has made are no longer missing.
  # shellcheck disable=SC2046 # one word each
  for tool in $(missing "$@"); do
    if [[ -n "$assets" && -x "$assets/$tool" ]]; then link "$tool"; else build_tool "$tool"; fi
  done
}

command -v go >/dev/null || die "Go is not on the PATH; go.mod says which version is needed"
force=""
if [[ "${1:-}" == --force ]]; then
  force=yes
  shift
fi
tools=("$@")
[[ "${#tools[@]}" -gt 0 ]] || tools=("${all_tools[@]}")
for tool in "${tools[@]}"; do
  [[ " ${all_tools[*]} " == *" $tool "* ]] || die "there is no tool $tool: name some of ${all_tools[*]}"
done
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

[[ -z "$force" ]] || for tool in "${tools[@]}"; do rm -f "$out/.stamp-$tool"; done
mapfile -t wanted < <(missing "${tools[@]}")
[[ "${#wanted[@]}" -gt 0 ]] || exit 0
make_all "${wanted[@]}"
say "ready in $out after $((SECONDS - started)) s"
