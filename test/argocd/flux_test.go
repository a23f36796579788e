// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// expressions holds what Flux's health check expressions on the page say of an object.
func (s *story) expressions(string, *unstructured.Unstructured, health) {}
