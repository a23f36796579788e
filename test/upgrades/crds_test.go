// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/test/patience"
)

const (
	accountsCRD = "awsaccounts.fargatesecurity.io"
	profilesCRD = "fargatesecurityprofiles.fargatesecurity.io"
)

// current is where the schemas are that this version of the operator is installed with.
var current = filepath.Join("..", "..", "config", "crd", "bases")

type crd = apiextensionsv1.CustomResourceDefinition

// schemas reads the two CRDs in a directory.
func schemas(t *testing.T, dir string) map[string]*crd {
	t.Helper()
	out := map[string]*crd{}
	for _, kind := range []string{"awsaccounts", "fargatesecurityprofiles"} {
		text, err := os.ReadFile(filepath.Join(dir, "fargatesecurity.io_"+kind+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		definition := &crd{}
		if err := yaml.UnmarshalStrict(text, definition); err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		out[definition.Name] = definition
	}
	return out
}

// install puts the CRDs into the cluster, in the place of those that are there, and waits until the API server goes by
// them.
func install(t *testing.T, dir string, change ...func(map[string]*crd)) {
	t.Helper()
	wanted := schemas(t, dir)
	for _, f := range change {
		f(wanted)
	}
	for _, definition := range wanted {
		mark(definition)
		put(t, definition)
	}
	for _, definition := range wanted {
		eventually(t, "waiting until the API server goes by the new "+definition.Name, func() error { return goesBy(t, definition) })
	}
}

var generation int

// mark gives a CRD a printer column of a name that is new: with it one can see by which CRD the API server goes.
func mark(definition *crd) {
	generation++
	version := &definition.Spec.Versions[0]
	version.AdditionalPrinterColumns = append(version.AdditionalPrinterColumns, apiextensionsv1.CustomResourceColumnDefinition{
		Name: fmt.Sprintf("Test %d", generation), Type: "string", JSONPath: ".metadata.name",
	})
}

// put creates the CRD, or replaces it.
func put(t *testing.T, definition *crd) {
	t.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		old := &crd{}
		err := kube.Get(t.Context(), client.ObjectKeyFromObject(definition), old)
		if apierrors.IsNotFound(err) {
			return kube.Create(t.Context(), definition.DeepCopy())
		}
		if err != nil {
			return err
		}
		old.Spec = definition.Spec
		return kube.Update(t.Context(), old)
	})
	if err != nil {
		t.Fatalf("installing %s: %v", definition.Name, err)
	}
}

// goesBy asks the API server for a table of the kind, and looks for the CRD's mark among the columns.
func goesBy(t *testing.T, definition *crd) error {
	version := definition.Spec.Versions[0]
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/apis/%s/%s/%s?limit=1",
		strings.TrimSuffix(server.Host, "/"), definition.Spec.Group, version.Name, definition.Spec.Names.Plural), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	answer, err := web.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	var table metav1.Table
	if err := json.Unmarshal(text, &table); err != nil {
		return fmt.Errorf("%s: %s: %w", answer.Status, text, err)
	}
	mark := version.AdditionalPrinterColumns[len(version.AdditionalPrinterColumns)-1].Name
	if !slices.ContainsFunc(table.ColumnDefinitions, func(c metav1.TableColumnDefinition) bool { return c.Name == mark }) {
		return fmt.Errorf("%s: no column %q", answer.Status, mark)
	}
	return nil
}

// eventually asks check until it returns nil, and fails the test with its last error when its patience ends.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience.Now()); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}
