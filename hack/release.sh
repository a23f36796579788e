#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the files of a release: the same bytes each time, on whichever machine.
# Nothing is uploaded. .github/workflows/release.yml calls it, and any other CI can.
#
# usage: hack/release.sh VERSION IMAGE [DIRECTORY]
#
#   VERSION    such as v0.1.0; the commit must carry this tag
#   IMAGE      the pushed image by its digest, NAME@sha256:...; what install.yaml says
#   DIRECTORY  where the files go (bin/release)
#
# MINISIGN_KEY        file with minisign's secret key; without it nothing is signed
# MINISIGN_PASSWORD   of that key, if it has one
# RELEASE_PLATFORMS   of the plugin; those of Linux are the operator's too
# KUSTOMIZE           command that builds a kustomization (bin/kustomize-VERSION build)
# SOURCE_DATE_EPOCH   time of all files (the commit's)
# DRY_RUN=yes         takes the files as they are, without a tag
set -euo pipefail
# What is made does not depend on who makes it.
export LC_ALL=C TZ=UTC
umask 022

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

say() { printf 'release: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[[ $# -ge 2 ]] || die "usage: hack/release.sh VERSION IMAGE [DIRECTORY]"
version=$1 image=$2 out=${3:-bin/release}
platforms=${RELEASE_PLATFORMS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64}
tools="$root/bin/release-tools"

check() {
  [[ "$version" =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || die "VERSION is '$version': expected one such as v0.1.0 or v0.1.0-rc.1"
  [[ "$image" =~ ^[^@\|[:space:]]+@sha256:[0-9a-f]{64}$ ]] || die "IMAGE is '$image': expected NAME@sha256:DIGEST, as the push printed it; a tag can be moved later"
  [[ "${DRY_RUN:-}" == yes ]] || check_tag
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
  [[ "$SOURCE_DATE_EPOCH" =~ ^[0-9]+$ ]] || die "SOURCE_DATE_EPOCH is '$SOURCE_DATE_EPOCH': expected seconds since 1970"
}

check_tag() {
  [[ -z "$(git status --porcelain)" ]] || die "the checkout has changes: commit them, or see what they are with git status"
  git tag --points-at HEAD | grep -qxF "$version" || die "HEAD does not carry the tag $version: check it out, or tag it (git tag -s $version)"
}

# Versions and checksums of the tools are those of hack/release/go.mod and go.sum.
build_tools() {
  mkdir -p "$tools"
  GOFLAGS="-buildvcs=false -mod=readonly" GOWORK=off go build -C hack/release -trimpath -o "$tools/" \
    github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod aead.dev/minisign/cmd/minisign
}

# build NAME PACKAGE OS/ARCH OUTPUT: the flags are those of the Dockerfile, so that the operator here is the one in the image.
build() {
  say "building $1 for $3"
  CGO_ENABLED=0 GOOS=${3%/*} GOARCH=${3#*/} GOFLAGS=-mod=readonly GOWORK=off \
    go build -trimpath -buildvcs=false -tags grpcnotrace -ldflags "-s -w -X main.version=${version}" -o "$4" "$2"
}

# pack DIRECTORY ARCHIVE
pack() {
  tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u+rwX,go+rX,go-w' -C "$1" -cf - . | gzip -n9 >"$2"
}

# program NAME PACKAGE OS/ARCH [FILE...]: an archive with the program, the licence and the files, and its SBOM.
program() {
  local name=$1 package=$2 platform=$3 stage suffix=""
  shift 3
  [[ "$platform" != windows/* ]] || suffix=.exe
  stage="$work/$name"
  rm -rf "$stage"
  mkdir "$stage"
  build "$name" "$package" "$platform" "$stage/$name$suffix"
  install -m 644 LICENSE "$stage/"
  [[ $# -eq 0 ]] || install -m 755 "$@" "$stage/"
  local file="${name}_${version}_${platform/\//_}"
  pack "$stage" "$out/$file.tar.gz"
  "$tools/cyclonedx-gomod" bin -json -noserial -notimestamp -std -version "$version" -output "$out/$file.cdx.json" "$stage/$name$suffix"
}

kustomized() { # directory
  local kustomize
  kustomize=${KUSTOMIZE:-$root/bin/kustomize-$(awk '$1 == "sigs.k8s.io/kustomize/kustomize/v5" && $2 ~ /^v/ { print $2; exit }' hack/tools/go.mod) build}
  # shellcheck disable=SC2086 # its words are the command
  $kustomize "$1" || die "'$kustomize $1' failed; make tools builds kustomize"
}

manifests() {
  local placeholder="image: fargate-security-operator:dev"
  kustomized config/crd >"$out/crds.yaml"
  kustomized config/default >"$work/install.yaml"
  [[ "$(grep -cF "$placeholder" "$work/install.yaml")" == 1 ]] || die "config/default does not have '$placeholder' once"
  sed "s|$placeholder|image: $image|" "$work/install.yaml" >"$out/install.yaml"
}

sign() {
  (cd "$out" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
  if [[ -z "${MINISIGN_KEY:-}" ]]; then
    say "MINISIGN_KEY is not set: SHA256SUMS is not signed"
    return
  fi
  "$tools/minisign" -S -s "$MINISIGN_KEY" -t "fargate-security-operator $version" -m "$out/SHA256SUMS" <<<"${MINISIGN_PASSWORD:-}" >/dev/null ||
    die "SHA256SUMS could not be signed with $MINISIGN_KEY"
}

check
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$out"
mkdir -p "$out"
out="$(cd "$out" && pwd)"
build_tools
for platform in $platforms; do
  [[ "$platform" != linux/* ]] || program manager . "$platform"
  program kubectl-fargatesec ./cmd/kubectl-fargatesec "$platform" cmd/kubectl-fargatesec/kubectl_complete-fargatesec
done
manifests
sign
say "$(find "$out" -type f | wc -l) files are in $out"
