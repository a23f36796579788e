// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Owned returns the names, as <namespace>/<name>, of the SecurityGroupPolicies that carry the owner's annotation. A
// cluster that does not know the kind has none.
func Owned(ctx context.Context, client dynamic.Interface, owner string) ([]string, error) {
	list, err := client.Resource(GVR).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for SecurityGroupPolicies of %s: %w", owner, err)
	}
	var names []string
	for i := range list.Items {
		if list.Items[i].GetAnnotations()[resource.OwnerTag] == owner {
			names = append(names, list.Items[i].GetNamespace()+"/"+list.Items[i].GetName())
		}
	}
	return names, nil
}
