// SPDX-License-Identifier: Apache-2.0

// Package schemes has the types that the operator knows, for tests with fake clients.
package schemes

import (
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// New returns a scheme with Kubernetes' own types and the operator's.
func New(t testing.TB) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	return scheme
}
