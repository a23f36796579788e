// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Owners knows which SecurityGroupPolicies of the workload cluster are whose. The API server cannot select by annotation,
// so one list of all policies serves all who ask (inventory.Shared): a list for each profile is quadratic work.
type Owners struct {
	client dynamic.Interface
	now    func() time.Time
	lists  inventory.Shared[map[string][]string]
}

// NewOwners returns Owners that know nothing yet. The client must read from the API server and not from a cache.
func NewOwners(client dynamic.Interface, now func() time.Time) *Owners {
	return &Owners{client: client, now: now}
}

// Owned returns the names, as <namespace>/<name>, of the SecurityGroupPolicies that carry the owner's annotation, and that
// for no longer than the context allows (inventory.With). A cluster that does not know the kind has none.
func (o *Owners) Owned(ctx context.Context, owner string) ([]string, error) {
	byOwner, err := o.lists.Get(ctx, o.now, o.list)
	if err != nil {
		return nil, fmt.Errorf("looking for SecurityGroupPolicies of %s: %w", owner, err)
	}
	return byOwner[owner], nil
}

// pageSize bounds what one answer of the API server takes of its memory and ours: kubectl's chunk size.
const pageSize = 500

// list reads all policies, page by page, and keeps of them no more than whose they are.
func (o *Owners) list(ctx context.Context) (map[string][]string, error) {
	byOwner := map[string][]string{}
	for options := (metav1.ListOptions{Limit: pageSize}); ; {
		page, err := o.client.Resource(GVR).List(ctx, options)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			if owner, owned := page.Items[i].GetAnnotations()[resource.OwnerTag]; owned {
				byOwner[owner] = append(byOwner[owner], page.Items[i].GetNamespace()+"/"+page.Items[i].GetName())
			}
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return byOwner, nil
		}
	}
}
