#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job from beginning to end, on real parts: a Kubernetes control plane,
# the operator's binary and a simulated AWS account. Whatever it claims, it has
# checked: the exit code is 0 only if everything was seen.
#
# usage: make demo            ends by itself and leaves nothing behind
#        make demo KEEP=1     leaves everything running and says how to reach it
#        hack/demo.sh --stop  stops what KEEP=1 left running
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

keep="${KEEP:-}"
dir="$root/bin/demo"
logs="$dir/logs"
pids="$dir/pids"
began=$SECONDS
claims=0
finished=""
current="" # process id of the command that is being shown

# Nobody's own AWS settings (profile, endpoint, proxy certificates) play a part,
# and nothing here can reach a real account.
for name in "${!AWS_@}"; do unset "$name"; done

# What the typed commands find without any setting by the person.
system_ns=fargate-security-system
user_env=(
  "PATH=$root/bin/controlplane:$root/bin/venv/bin:$root/bin:$PATH"
  "KUBECONFIG=$dir/cluster/kubeconfig"
  AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo AWS_PAGER=
  AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
)

# ---- output ----

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold="" green="" red="" dim="" plain=""
fi

step() { printf '\n%s== %s%s  %s(%s s)%s\n' "$bold" "$*" "$plain" "$dim" "$((SECONDS - began))" "$plain"; }
note() { printf '%s# %s%s\n' "$dim" "$*" "$plain"; }
seen() { claims=$((claims + 1)); printf '%s  seen: %s%s\n' "$green" "$*" "$plain"; }
die() {
  printf '%sdemo: %s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}

# ---- processes ----

# On Linux the kernel ends our children should this script be killed without a
# chance to clean up.
guard=()
if setpriv --pdeathsig TERM true 2>/dev/null; then guard=(setpriv --pdeathsig TERM); fi

# start NAME COMMAND...: in the background, with a log.
start() {
  local name=$1
  shift
  local launch=("${guard[@]}")
  if [[ -n "$keep" ]]; then
    launch=()
    if command -v setsid >/dev/null; then launch=(setsid); fi
  fi
  "${launch[@]}" "$@" </dev/null >"$logs/$name.log" 2>&1 &
  printf '%s %s\n' "$!" "$name" >>"$pids"
}

pid_of() { awk -v name="$1" '$2 == name { print $1 }' "$pids"; }

alive() { # pid, name: is it still that program?
  local args
  args="$(ps -o args= -p "$1" 2>/dev/null)" && [[ "$args" == *"bin/$2"* ]]
}

stop_process() { # pid name
  local tries
  alive "$1" "$2" || return 0
  kill -TERM "$1" 2>/dev/null || return 0
  for tries in {1..150}; do
    alive "$1" "$2" || return 0
    sleep 0.1
  done
  printf 'demo: %s did not stop after %s s, killing it\n' "$2" "$((tries / 10))" >&2
  kill -KILL "$1" 2>/dev/null || true
}

# The operator first, so that it does not complain about the others.
stop_all() {
  local name pid
  [[ -f "$pids" ]] || return 0
  for name in manager awssim localcluster; do
    for pid in $(pid_of "$name"); do stop_process "$pid" "$name"; done
  done
  rm -f "$pids"
}

cleanup() {
  local code=$?
  trap - EXIT
  trap '' INT TERM HUP # once is enough
  if [[ -n "$current" ]]; then kill "$current" 2>/dev/null || true; fi
  if [[ -n "$finished" && -n "$keep" ]]; then exit "$code"; fi
  if [[ "$code" -ne 0 ]]; then show_logs; fi
  stop_all
  rm -rf "$dir/cluster" "$dir"/capture*
  if [[ "$code" -eq 0 ]]; then rm -rf "$dir"; fi
  exit "$code"
}

show_logs() {
  local name
  printf '\n--- what the cluster says\n' >&2
  user timeout 10 kubectl get fargate -A -o wide >&2 || true
  user timeout 10 kubectl get fsp -A -o jsonpath='{range .items[*].status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\n"}{end}' >&2 || true
  for name in manager awssim localcluster; do
    [[ -s "$logs/$name.log" ]] || continue
    printf '\n--- last lines of %s.log\n' "$name" >&2
    tail -n 15 "$logs/$name.log" | cut -c 1-400 >&2
  done
  printf '\ndemo: not everything was seen; the logs are in %s\n' "$logs" >&2
}

require_alive() {
  local name
  for name in "$@"; do
    alive "$(pid_of "$name")" "$name" || die "$name has ended by itself"
  done
}

free_port() {
  bin/venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

http_ok() { # port path
  local status=""
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  read -r -t 2 status <&3 || true
  exec 3>&-
  [[ "$status" == *" 200 "* ]]
}

# until_true SECONDS WHAT COMMAND...
until_true() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [[ "$SECONDS" -lt "$limit" ]] || die "waited in vain: $what"
    require_alive "${running[@]}"
    sleep 0.3
  done
}
running=()

# ---- commands and claims ----

user() { env "${user_env[@]}" "$@"; }

# typed 'COMMAND': does it, in a way that a signal can interrupt at once. (timeout
# passes the signal on to all of the command's processes.)
typed() {
  local code=0
  "${guard[@]}" env "${user_env[@]}" timeout 120 bash -o pipefail -c "$1" </dev/null &
  current=$!
  wait "$current" || code=$?
  current=""
  return "$code"
}

# run 'COMMAND': prints what a person would type, and does it.
run() {
  printf '%s$ %s%s\n' "$bold" "$1" "$plain"
  typed "$1" || die "this command failed: $1"
}

# get 'COMMAND': its output into $got, without printing anything; with what it
# complained of if it failed.
got=""
get() {
  local code=0 capture="$dir/capture"
  typed "$1" >"$capture" 2>"$capture.err" || code=$?
  got="$(<"$capture")"
  [[ "$code" -eq 0 ]] || got+="$(<"$capture.err")"
  return "$code"
}

# expect CLAIM 'COMMAND' 'PATTERN': the command's output must match as a whole.
expect() {
  get "$2" || die "not seen: $1. This command failed: $2
$got"
  # shellcheck disable=SC2053 # a pattern is meant
  [[ "$got" == $3 ]] || die "not seen: $1. Wanted '$3' from: $2
It was: $got"
  seen "$1"
}

# expect_error CLAIM 'COMMAND' 'TEXT': the command must fail with this text.
expect_error() {
  if get "$2"; then die "not seen: $1. This succeeded: $2"; fi
  [[ "$got" == *"$3"* ]] || die "not seen: $1. Wanted an error with '$3' from: $2
It was: $got"
  seen "$1"
}

fsp() { printf "kubectl get fsp payments -n platform -o jsonpath='%s'" "$1"; }
condition() { fsp "{.status.conditions[?(@.type==\"$1\")].status}"; }

# ---- the story ----

check_parts() {
  local part
  for part in bin/manager bin/awssim bin/localcluster bin/kubectl-fargatesec bin/argocd-health bin/controlplane/kubectl bin/venv/bin/aws; do
    [[ -x "$part" ]] || die "$part is missing; 'make demo' builds it"
  done
  if [[ -f "$pids" ]]; then
    local pid name
    while read -r pid name; do
      if alive "$pid" "$name"; then die "a demo is running already; stop it with: hack/demo.sh --stop"; fi
    done <"$pids"
  fi
  rm -rf "$dir"
  mkdir -p "$logs"
  : >"$pids"
}

start_parts() {
  step "A control plane and an AWS account, both on this machine"
  aws_port="$(free_port)"
  local outlive=false
  [[ -z "$keep" ]] || outlive=true
  start localcluster bin/localcluster --dir "$dir/cluster" --assets bin/controlplane --controller-manager=false --outlive-parent="$outlive"
  start awssim bin/awssim --listen "127.0.0.1:$aws_port" --seed hack/demo-seed.yaml --log "$logs/aws-calls.log"
  user_env+=("AWS_ENDPOINT_URL=http://127.0.0.1:$aws_port")
  running=(localcluster awssim)
  until_true 90 "the control plane gets ready" test -f "$dir/cluster/kubeconfig"
  run 'kubectl version | grep Server'
  run 'aws eks describe-cluster --name prod --query "cluster.[name,status,version]" --output text'
  seen "etcd and kube-apiserver run; the account holds an EKS cluster"
}

install_operator() {
  step "Installation, as on any cluster"
  run 'kubectl apply -k config/crd'
  run 'kubectl apply -k config/default | grep -c " created$" | sed "s/$/ objects created/"'
  run 'kubectl apply -f test/crds'
  run 'kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null'
  note "There is no node here that could run the Deployment's pod. The operator runs as a process instead,"
  note "with the token of the Deployment's service account: it has the rights of config/rbac and no others."
  start_operator
  seen "the operator is ready"
}

start_operator() {
  local token port kubeconfig="$dir/operator.kubeconfig"
  get "kubectl create token fargate-security-controller-manager -n $system_ns --duration=24h" || die "no token for the operator: $got"
  token=$got
  install -m 600 "$dir/cluster/kubeconfig" "$kubeconfig"
  user kubectl --kubeconfig "$kubeconfig" config set-credentials operator "--token=$token" >/dev/null
  user kubectl --kubeconfig "$kubeconfig" config set-context --current --user=operator >/dev/null
  port="$(free_port)"
  # Without AWS_ENDPOINT_URL: the AWSAccount says where AWS is.
  start manager env -u AWS_ENDPOINT_URL "KUBECONFIG=$kubeconfig" AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo \
    AWS_REGION=eu-west-1 AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true \
    bin/manager --metrics-bind-address=0 "--health-probe-bind-address=127.0.0.1:$port" "--operator-namespace=$system_ns"
  running=(localcluster awssim manager)
  until_true 30 "the operator gets ready" http_ok "$port" /readyz
}

# The samples as they are, and where AWS is on this machine.
write_overlay() {
  mkdir -p "$dir/samples"
  cat >"$dir/samples/kustomization.yaml" <<EOF
resources:
- ../../../config/samples
patches:
- target: {kind: AWSAccount, name: prod-eu}
  patch: |
    - {op: add, path: /spec/endpointURL, value: "http://127.0.0.1:$aws_port"}
EOF
}

create_profile() {
  step "A FargateSecurityProfile becomes real in AWS"
  write_overlay
  note "bin/demo/samples is config/samples with endpointURL set to the simulated account"
  run 'kubectl apply -k bin/demo/samples'
  run 'kubectl wait --for=condition=Ready awsaccount/prod-eu --timeout=30s'
  run 'kubectl wait --for=condition=Ready fsp/payments -n platform --timeout=60s'
  run 'kubectl get fargate -A -o wide'
  expect "Ready is True and nothing differs" "$(fsp '{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Drifted")].status} {.status.driftCount}')" 'True False 0'
  expect "AWS has the Fargate profile, ACTIVE" "aws eks describe-fargate-profile --cluster-name prod --fargate-profile-name payments --query fargateProfile.status --output text" ACTIVE
  expect "the cluster has the SecurityGroupPolicy with two groups" "kubectl get securitygrouppolicies -n payments -o jsonpath='{range .items[*]}{.spec.securityGroups.groupIds}{end}'" '*"sg-*","sg-*"*'
  run "kubectl get fsp payments -n platform -o jsonpath='{range .status.resources[*]}{.kind}{\"\\t\"}{.name}{\"\\t\"}{.state}{\"\\n\"}{end}'"
}

find_ids() {
  get "aws ec2 describe-security-groups --filters Name=group-name,Values=payments-pods --query 'SecurityGroups[0].GroupId' --output text" || die "$got"
  group=$got
  get "aws kms describe-key --key-id alias/fargate-payments --query KeyMetadata.KeyId --output text" || die "$got"
  key=$got
}

readonly exec_policy=arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy
readonly foreign_trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole"}]}'

tamper() {
  step "In mode Observe, someone tampers with it through AWS's API"
  run "kubectl patch fsp payments -n platform --type=merge -p '{\"spec\":{\"mode\":\"Observe\"}}'"
  find_ids
  run "aws ec2 authorize-security-group-ingress --group-id $group --protocol tcp --port 22 --cidr 0.0.0.0/0 --query 'SecurityGroupRules[0].CidrIpv4' --output text"
  run "aws iam detach-role-policy --role-name payments-fargate --policy-arn $exec_policy"
  run "aws iam update-assume-role-policy --role-name payments-fargate --policy-document '$foreign_trust'"
  run "aws logs put-retention-policy --log-group-name /aws/eks/prod/fargate/payments --retention-in-days 1"
  run "aws kms disable-key-rotation --key-id $key"
}

# read_now TOKEN: asks the operator to read AWS at once, and waits for the echo.
read_now() {
  run "kubectl annotate fsp payments -n platform --overwrite fargatesecurity.io/reconcile-requested-at=$1"
  run "kubectl wait fsp/payments -n platform --timeout=30s --for=jsonpath='{.status.lastHandledReconcileRequest}'=$1"
}

# drift_of CLAIM PATTERN: status.drift has a line like "resource path: observed (declared: desired)".
drift_of() {
  local line
  while IFS= read -r line; do
    # shellcheck disable=SC2053 # a pattern is meant
    if [[ "$line" == $2 ]]; then
      seen "$1"
      return
    fi
  done <<<"$drift"
  die "not seen: $1. Wanted '$2' in status.drift, which has:
$drift"
}

show_drift() {
  step "The drift shows, and nothing is touched"
  note "The operator would notice by itself within one and a half resyncIntervals (of 5 minutes). The annotation asks for it now."
  read_now "demo-1"
  run 'kubectl get fsp -n platform'
  run "kubectl get fsp payments -n platform -o jsonpath='{range .status.drift[*]}{.severity}{\"\\t\"}{.resource}{\"\\t\"}{.path}{\"\\t\"}{.action}{\"\\n\"}{end}'"
  expect "Drifted is True; Ready stays True in Observe" "$(fsp '{.status.conditions[?(@.type=="Drifted")].status} {.status.conditions[?(@.type=="Ready")].status}')" 'True True'
  expect "driftCount counts all five" "$(fsp '{.status.driftCount}')" 5
  get "$(fsp '{range .status.drift[*]}{.resource}{" "}{.path}{": "}{.observed}{" (declared: "}{.desired}{")\n"}{end}')" || die "$got"
  drift=$got
  drift_of "port 22 open to the world" 'SecurityGroup/payments-pods *22*0.0.0.0/0*'
  drift_of "the role's policy is detached" "*Role/payments-fargate *$exec_policy*"
  drift_of "the role trusts another account" '*Role/payments-fargate *999988887777*'
  drift_of "log events are kept for one day only" 'LogGroup//aws/eks/prod/fargate/payments *: 1*'
  drift_of "the key no longer rotates" 'KMSKey/alias/fargate-payments *otation*'
  expect "Observe wrote nothing: port 22 is still open" "$(open_ports)" '22 8443 9090'
}

# The ports that the group lets in, in order and on one line.
open_ports() {
  printf "aws ec2 describe-security-group-rules --filters Name=group-id,Values=%s --query 'SecurityGroupRules[?IsEgress==\`false\`].FromPort' --output text | tr '\\t' '\\n' | sort -n | paste -s -d ' '" "$group"
}

# The health check of config/argocd, as Argo CD runs it: the demo needs no Argo CD for that.
as_argocd_sees_it() {
  step "The same drift, as Argo CD's health check sees it"
  run "kubectl get fsp payments -n platform -o json | argocd-health config/argocd"
  expect "Argo CD shows the profile as Degraded, and says what differs" \
    "kubectl get fsp payments -n platform -o json | argocd-health config/argocd" 'Degraded: *5 *'
  expect "the AWSAccount is Healthy" "kubectl get awsaccount prod-eu -o json | argocd-health config/argocd" 'Healthy: *'
}

as_kubectl_shows_it() {
  step "The same drift, by kubectl fargatesec"
  run_drift "kubectl fargatesec drift -n platform"
  run "kubectl fargatesec tree -n platform"
  expect "tree has the profile and all that is linked to it" "kubectl fargatesec tree -n platform" '*payments*IAMRole*SecurityGroup*FargateProfile*'
  # The place for kubectl fargatesec plan: what mode Enforce would change.
}

# run_drift 'COMMAND': like run, for a command that ends with 2 because there is drift.
run_drift() {
  local code=0
  printf '%s$ %s%s\n' "$bold" "$1" "$plain"
  typed "$1" || code=$?
  [[ "$code" -eq 2 ]] || die "this command ended with $code, and 2 was wanted, for drift: $1"
  seen "the exit code is 2, so that a pipeline can stop"
}

repair() {
  step "Mode Enforce repairs it"
  run "kubectl patch fsp payments -n platform --type=merge -p '{\"spec\":{\"mode\":\"Enforce\"}}'"
  run "kubectl wait fsp/payments -n platform --timeout=60s --for=jsonpath='{.status.driftCount}'=0"
  run 'kubectl wait --for=condition=Ready fsp/payments -n platform --timeout=60s'
  run 'kubectl get fsp -n platform'
  run "$(fsp '{.status.lastRepair.message}{"\n"}')"
  expect "five fields were repaired" "$(fsp '{.status.lastRepair.fields}')" 5
  expect "nothing differs any more" "$(condition Drifted)" False
  expect "AWS: port 22 is closed, the declared ports are open" "$(open_ports)" '8443 9090'
  expect "AWS: the policy is attached again" "aws iam list-attached-role-policies --role-name payments-fargate --query 'AttachedPolicies[].PolicyArn' --output text" "*$exec_policy*"
  expect "AWS: only EKS Fargate may assume the role" "aws iam get-role --role-name payments-fargate --query 'Role.AssumeRolePolicyDocument.Statement[].Principal' --output text" 'eks-fargate-pods.amazonaws.com'
  expect "AWS: log events are kept for 90 days" "aws logs describe-log-groups --log-group-name-prefix /aws/eks/prod/fargate/payments --query 'logGroups[].retentionInDays' --output text" 90
  expect "AWS: the key rotates each 365 days" "aws kms get-key-rotation-status --key-id $key --query '[KeyRotationEnabled,RotationPeriodInDays]' --output text" 'True*365'
}

delete_all() {
  step "Deletion leaves nothing behind"
  run 'kubectl delete fsp payments -n platform --timeout=60s'
  expect "Kubernetes: the profile and its SecurityGroupPolicy are gone" 'kubectl get fsp,securitygrouppolicies -A -o name' ''
  expect "AWS: no Fargate profile" 'aws eks list-fargate-profiles --cluster-name prod --query fargateProfileNames --output text' ''
  expect_error "AWS: no role" 'aws iam get-role --role-name payments-fargate' NoSuchEntity
  expect "AWS: no security group with our owner tag" "aws ec2 describe-security-groups --filters Name=tag-key,Values=fargatesecurity.io/owner --query 'SecurityGroups[].GroupId' --output text" ''
  expect "AWS: no log group" "aws logs describe-log-groups --log-group-name-prefix /aws/eks/prod/fargate/ --query 'logGroups[].logGroupName' --output text" ''
  expect "AWS: no alias of the key" "aws kms list-aliases --query \"Aliases[?AliasName=='alias/fargate-payments'].AliasName\" --output text" ''
  note "AWS deletes a key only after the window that the spec gives (30 days); until then it is pending."
  expect "AWS: the key is pending its deletion" "aws kms describe-key --key-id $key --query KeyMetadata.KeyState --output text" PendingDeletion
  run 'aws resourcegroupstaggingapi get-resources --tag-filters Key=fargatesecurity.io/owner --query "ResourceTagMappingList[].ResourceARN" --output text'
  [[ -n "$key" ]] || die "the key's id is not known"
  get 'aws resourcegroupstaggingapi get-resources --tag-filters Key=fargatesecurity.io/owner --query "ResourceTagMappingList[].ResourceARN" --output text' || die "$got"
  [[ -z "$got" || "$got" == "None" || "$got" == arn:aws*:kms:*":key/$key" ]] || die "something with our owner tag is left: $got"
  seen "nothing else carries our owner tag"
}

keep_running() {
  step "KEEP=1: the profile once more, and everything stays"
  run 'kubectl apply -k bin/demo/samples >/dev/null'
  run 'kubectl wait --for=condition=Ready fsp/payments -n platform --timeout=60s'
  finished=yes
  cat <<EOF

Everything is left running. To reach it:
  export KUBECONFIG=$dir/cluster/kubeconfig
  export AWS_ENDPOINT_URL=http://127.0.0.1:$aws_port AWS_DEFAULT_REGION=eu-west-1 AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo
  export PATH=$root/bin:$root/bin/controlplane:$root/bin/venv/bin:\$PATH
  kubectl get fargate -A -o wide
Logs: $logs
To stop it: hack/demo.sh --stop
EOF
}

if [[ "${1:-}" == --stop ]]; then
  [[ -f "$pids" ]] || die "no demo was left running"
  stop_all
  rm -rf "$dir"
  echo "demo: stopped"
  exit 0
fi

check_parts
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
aws_port="" group="" key="" drift=""
start_parts
install_operator
create_profile
tamper
show_drift
as_argocd_sees_it
as_kubectl_shows_it
repair
delete_all
require_alive "${running[@]}"
printf '\n%sdemo: all %s claims were seen, in %s s%s\n' "$green" "$claims" "$((SECONDS - began))" "$plain"
[[ -z "$keep" ]] || keep_running
