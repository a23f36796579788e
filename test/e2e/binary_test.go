// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// ofCredentials are the operations by which the SDK itself gets credentials: from the service account's token, a role of
// spec.assumeRole, or, on a developer's machine, `aws sso login` and `aws login`.
var ofCredentials = []string{"signin.CreateOAuth2Token", "sso.GetRoleCredentials", "ssooidc.CreateToken", "sts.AssumeRole", "sts.AssumeRoleWithWebIdentity"}

var operationSymbol = regexp.MustCompile(`aws-sdk-go-v2/service/(\w+)\.\(\*Client\)\.([A-Z]\w*)\n`)

// TestBinaryHoldsNoOtherOperation: the linker leaves out of the operator what the operator does not call, so that code to
// delete a cluster or to run an instance is not even there. One dependency that finds methods by name, such as
// text/template, and the linker has to keep all of the SDK's operations: twice the program, and 40 MiB more resident
// memory (docs/performance.md). It takes the build tag grpcnotrace.
func TestBinaryHoldsNoOtherOperation(t *testing.T) {
	t.Parallel()
	symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", installed.manager).Output()
	must(err)
	held := map[string]bool{}
	for _, m := range operationSymbol.FindAllSubmatch(symbols, -1) {
		held[string(m[1])+"."+string(m[2])] = true
	}
	for _, operation := range append(operationsOfInterfaces(), ofCredentials...) {
		if !held[operation] {
			t.Errorf("bin/manager does not hold %s: this test does not see what it holds", operation)
		}
		delete(held, operation)
	}
	if more := slices.Sorted(maps.Keys(held)); len(more) > 0 {
		t.Errorf("bin/manager holds %d operations that no interface of internal/awsapi has, such as %v", len(more), more[:min(len(more), 5)])
	}
}

// operationsOfInterfaces are all that the operator's code can call, as in eks.DescribeCluster.
func operationsOfInterfaces() (all []string) {
	for client := range reflect.TypeFor[awsapi.Clients]().Fields() {
		for operation := range client.Type.Methods() {
			input := operation.Type.In(1).Elem()
			all = append(all, path.Base(input.PkgPath())+"."+operation.Name)
		}
	}
	return all
}

// TestImageIsBuiltAlike: the image's binary is not the one that the tests run, so it has to be built with the same tags.
func TestImageIsBuiltAlike(t *testing.T) {
	t.Parallel()
	tags := regexp.MustCompile(`go build [^\n]*-tags (\S+) [^\n]* -o \S*/manager \.`)
	var found []string
	for _, name := range []string{"Makefile", "Dockerfile"} {
		text, err := os.ReadFile(filepath.Join(installed.root, name))
		must(err)
		m := tags.FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s does not build the manager with tags", name)
		}
		found = append(found, string(m[1]))
	}
	if found[0] != found[1] {
		t.Errorf("the Makefile builds the manager with the tags %s, the Dockerfile with %s", found[0], found[1])
	}
}
