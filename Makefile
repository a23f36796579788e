# SPDX-License-Identifier: Apache-2.0
#
# `make help` lists what there is. Everything that is built or installed goes
# into bin/, and `make clean` takes it away again.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

BIN := $(CURDIR)/bin
VENV := $(BIN)/venv
CONTROLPLANE := $(BIN)/controlplane
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMG ?= fargate-security-operator:$(VERSION)

export GOFLAGS ?= -buildvcs=false

# The tools' versions are those of hack/tools/go.mod; a file name carries its
# version, so a changed version is a new file.
tool_version = $(shell awk '$$1 == "$(1)" && $$2 ~ /^v/ { print $$2; exit }' hack/tools/go.mod)
CONTROLLER_GEN := $(BIN)/controller-gen-$(call tool_version,sigs.k8s.io/controller-tools)
KUSTOMIZE := $(BIN)/kustomize-$(call tool_version,sigs.k8s.io/kustomize/kustomize/v5)
GOLANGCI_LINT := $(BIN)/golangci-lint-$(call tool_version,github.com/golangci/golangci-lint/v2)

# What `make generate manifests` writes, and `make verify` compares. (The generated
# parts of docs/ compare themselves.)
GENERATED := config/crd/bases config/rbac/role.yaml ':(glob)api/**/zz_generated.*.go' \
  test/newkind/crds ':(glob)test/newkind/**/zz_generated.*.go'
E2E := ./test/e2e/...
# These print what they covered.
FAULTS := ./test/chaos/... ./test/histories/...
# Listed when a recipe runs, not when make starts.
PACKAGES = $$(go list ./... | grep -Ev '/test/(e2e|chaos|histories)')
UNIT = $$(go list ./... | grep -Ev '/(controllers|test)(/|$$)')
ENVTEST = $$(go list ./... | grep -E '/(controllers|test)(/|$$)' | grep -Ev '/test/(e2e|chaos|histories)')
SCRIPTS = .ci/run cmd/kubectl-fargatesec/kubectl_complete-fargatesec $$(git ls-files --cached --others --exclude-standard -- '*.sh')

##@ General

.PHONY: help
help: ## This list.
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-zA-Z0-9_-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build controlplane-demo venv ## The whole story on this machine: create, tamper, detect, repair, delete. KEEP=1 leaves it running.
	KEEP="$(KEEP)" hack/demo.sh

.PHONY: clean
clean: ## Remove everything that make built or installed.
	rm -rf "$(BIN)" *.out

##@ Build

.PHONY: build
build: bin/manager bin/awssim bin/localcluster bin/kubectl-fargatesec bin/argocd-health ## The operator, the AWS stand-in, the local cluster's starter, the kubectl plugin and the demo's Argo CD.

# Always asked for: go knows better than make what is up to date. No -trimpath and
# no CGO_ENABLED here, so that these builds and `go test` share what they compile;
# the image has both (Dockerfile). grpcnotrace leaves out of a library that nothing
# here uses what keeps the linker from leaving out the rest: half of the program.
.PHONY: bin/manager bin/awssim bin/localcluster bin/kubectl-fargatesec bin/argocd-health
bin/manager:
	go build -tags grpcnotrace -ldflags "-X main.version=$(VERSION)" -o bin/manager .
bin/awssim:
	go build -o bin/awssim ./cmd/awssim
bin/localcluster:
	go build -o bin/localcluster ./hack/localcluster
bin/argocd-health:
	go build -o bin/argocd-health ./hack/argocd-health
# Beside it what kubectl asks for the plugin's completion.
bin/kubectl-fargatesec:
	go build -ldflags "-X main.version=$(VERSION)" -o bin/kubectl-fargatesec ./cmd/kubectl-fargatesec
	install -m 755 cmd/kubectl-fargatesec/kubectl_complete-fargatesec bin/

.PHONY: controlplane
controlplane: ## etcd, kube-apiserver, kubectl and kube-controller-manager: prebuilt where they are to be had, else from source (6 minutes the first time).
	@hack/controlplane/build.sh

# Nothing in the demo needs kube-controller-manager, the only one that nobody has prebuilt.
.PHONY: controlplane-demo
controlplane-demo:
	@hack/controlplane/build.sh etcd kube-apiserver kubectl

.PHONY: venv
venv: ## The Python environment bin/venv with moto and the aws command.
	@hack/venv.sh

.PHONY: docker-build
docker-build: ## The image $(IMG), where a docker engine runs.
	docker build --build-arg VERSION=$(VERSION) -t $(IMG) .

.PHONY: install-manifest
install-manifest: $(KUSTOMIZE) ## What is to be installed, as two files: bin/crds.yaml, and after it bin/install.yaml.
	$(KUSTOMIZE) build config/crd >bin/crds.yaml
	$(KUSTOMIZE) build config/default >bin/install.yaml

.PHONY: release
release: $(KUSTOMIZE) ## The files of release VERSION, for the image IMG by its digest, in bin/release: archives, manifests, SBOMs, checksums, signature.
	hack/release.sh "$(VERSION)" "$(IMG)"

##@ Development

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Deepcopy code of the API.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/... paths=./test/newkind/warehouse

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## CRDs and the manager's role, from the markers in the code.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	$(CONTROLLER_GEN) crd paths=./test/newkind/warehouse output:crd:artifacts:config=test/newkind/crds
	$(CONTROLLER_GEN) rbac:roleName=manager-role paths=. paths=./controllers/... output:rbac:artifacts:config=config/rbac

.PHONY: docs
docs: ## The generated parts of docs/, config/aws and config/argocd: every field, the controls, the IAM policy, the EventBridge rules, Argo CD's scripts, the plugin's commands.
	go run ./hack/docgen

.PHONY: fmt
fmt: ## Format the Go code.
	gofmt -w $$(git ls-files --cached --others --exclude-standard -- '*.go')

.PHONY: vet
vet: ## go vet.
	go vet ./...

.PHONY: tools
tools: $(CONTROLLER_GEN) $(KUSTOMIZE) $(GOLANGCI_LINT) ## controller-gen, kustomize and golangci-lint into bin/.

##@ Checks

.PHONY: test
test: build controlplane verify lint tally-begin gotest faults fuzz-briefly e2e ## Everything: generated files, linters, unit, envtest, fault and end-to-end tests. Can take 25 minutes the first time.
	@echo; echo "what the tests under faults covered:"; sort $(TALLY)

.PHONY: verify
verify: generate manifests ## Fail if generated files are not what the code generates.
	@export GIT_OPTIONAL_LOCKS=0; \
	stale=$$(git diff --name-only -- $(GENERATED); git ls-files --others --exclude-standard -- $(GENERATED)); \
	if [[ -n "$$stale" ]]; then \
	  echo "verify: these differ from what is in git (staged changes count as in git):" >&2; \
	  sed 's/^/  /' <<<"$$stale" >&2; \
	  echo "verify: run 'make generate manifests' and commit the result" >&2; exit 1; \
	fi
	@$(MAKE) verify-kustomize
	go run ./hack/docgen -check

.PHONY: verify-kustomize
verify-kustomize: $(KUSTOMIZE)
	@for tree in config/crd config/default config/samples config/prometheus test/argocd/testdata/overlay; do \
	  $(KUSTOMIZE) build $$tree >/dev/null || { echo "verify: kustomize cannot build $$tree" >&2; exit 1; }; \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) venv lint-dockerfile lint-scripts vet ## golangci-lint, go vet, shellcheck and hadolint.
	$(GOLANGCI_LINT) run --allow-parallel-runners ./...

.PHONY: lint-dockerfile
lint-dockerfile: venv
	$(VENV)/bin/hadolint Dockerfile

.PHONY: lint-scripts
lint-scripts: venv
	$(VENV)/bin/shellcheck $(SCRIPTS)

# For the tests: where the control plane, the built programs and Python are, and the file that keeps what the tests
# under faults covered, since go test shows no output of what passes.
TALLY := $(BIN)/tally
with_env = KUBEBUILDER_ASSETS="$(CONTROLPLANE)" FARGATE_SECURITY_BIN="$(BIN)" VIRTUAL_ENV="$(VENV)" CHAOS_TALLY="$(TALLY)"

.PHONY: tally-begin
tally-begin:
	@mkdir -p $(BIN); : >$(TALLY)

.PHONY: gotest
gotest: build controlplane venv ## All tests but the end-to-end ones and those under faults.
	$(with_env) go test -timeout 70m $(PACKAGES)

.PHONY: faults
faults: controlplane ## Crash points, faults at every call and random histories: a fixed share of them.
	$(with_env) go test -count=1 -timeout 60m $(FAULTS)

.PHONY: test-unit
test-unit: ## Only tests that need no API server.
	go test -timeout 10m $(UNIT)

.PHONY: test-envtest
test-envtest: build controlplane venv ## Only tests on the real API server.
	$(with_env) go test -timeout 70m $(ENVTEST)

.PHONY: e2e
e2e: build controlplane venv ## The operator's binary end to end, on awssim and on moto. FSO_E2E_SEED is the storm of kills.
	$(with_env) FSO_E2E_SEED="$${FSO_E2E_SEED:-1000}" go test -count=1 -timeout 20m $(E2E)

.PHONY: e2e-moto
e2e-moto: build controlplane venv ## The end-to-end tests on moto only.
	$(with_env) E2E_BACKEND=moto go test -count=1 -timeout 20m $(E2E)

# HISTORIES_SEED=0 begins anywhere; a failure prints the seed to repeat it with.
HISTORIES ?= 5000
ROUNDS ?= 5
.PHONY: chaos
chaos: build controlplane venv tally-begin ## The long form: every crash and fault point, HISTORIES random histories of each kind, ROUNDS of kill -9, a minute for each fuzz target.
	$(with_env) CHAOS_SHARE=all HISTORIES=$(HISTORIES) HISTORIES_SEED=0 go test -count=1 -timeout 180m $(FAULTS)
	$(with_env) FSO_E2E_ROUNDS=$(ROUNDS) go test -count=1 -timeout 120m $(E2E)
	hack/fuzz.sh 60
	@echo; echo "what the tests under faults covered:"; sort $(TALLY)

.PHONY: bench
bench: build controlplane ## What the operator costs and how fast it is, as a table and as bin/bench.json (25 minutes; BENCH_SIZE=small: 5). BENCH=reads,... runs some sections.
	go build -o bin/bench ./test/bench
	bin/bench

.PHONY: mutants
mutants: controlplane ## Deliberate bugs, each of which must turn a test red (16 minutes of processor time).
	$(with_env) go run ./hack/mutants

FUZZ ?= 10

.PHONY: fuzz
fuzz: ## Every fuzz target for FUZZ seconds each, or FUZZ=500x inputs; what one finds stays in its testdata/fuzz.
	hack/fuzz.sh "$(FUZZ)"

.PHONY: fuzz-briefly
fuzz-briefly:
	@log=$$(mktemp); hack/fuzz.sh 300x >$$log 2>&1 || { cat $$log; exit 1; }; tail -n 1 $$log | tee -a $(TALLY); rm -f $$log

# ---- tools ----

TOOL_SUMS := hack/tools/go.mod hack/tools/go.sum
build_tool = @echo "building $(notdir $@) (once; $(2))" >&2; rm -f $(BIN)/$(3)-v*; \
	GOFLAGS="-buildvcs=false -mod=readonly" GOWORK=off go build -C hack/tools -trimpath -o $@ $(1)

$(CONTROLLER_GEN): $(TOOL_SUMS)
	$(call build_tool,sigs.k8s.io/controller-tools/cmd/controller-gen,about 30 s,controller-gen)
$(KUSTOMIZE): $(TOOL_SUMS)
	$(call build_tool,sigs.k8s.io/kustomize/kustomize/v5,about 30 s,kustomize)
$(GOLANGCI_LINT): $(TOOL_SUMS)
	$(call build_tool,sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter,about 3 minutes,golangci-lint)
