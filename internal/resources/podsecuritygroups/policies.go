// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Policies are the SecurityGroupPolicies of the workload cluster, out of one list that serves all profiles
// (inventory.Shared). The API server cannot select by annotation, so whose they are takes such a list too.
type Policies struct {
	client dynamic.Interface
	lists  *inventory.Shared[listed]
}

// listed is what is kept of a list.
type listed struct {
	byName  map[string]detail // <namespace>/<name>
	byOwner map[string][]string
	// missing: the cluster does not know the kind.
	missing bool
}

// NewPolicies returns Policies that know nothing yet. The client must read from the API server and not from a cache.
func NewPolicies(client dynamic.Interface, now func() time.Time) *Policies {
	p := &Policies{client: client}
	p.lists = inventory.NewShared(now, p.list)
	return p
}

// Owned returns the names, as <namespace>/<name>, of the SecurityGroupPolicies that carry the owner's annotation, and that
// for no longer than the context allows (inventory.With); false where somebody waits for the pass and they are being read. A
// cluster that does not know the kind has none.
func (p *Policies) Owned(ctx context.Context, owner string) (names []string, ok bool, err error) {
	all, ok, err := p.lists.Get(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("looking for SecurityGroupPolicies of %s: %w", owner, err)
	}
	return all.byOwner[owner], ok, nil
}

// pageSize bounds what one answer of the API server takes of its memory and ours: kubectl's chunk size.
const pageSize = 500

// list reads all policies, page by page, and keeps what is looked at of them.
func (p *Policies) list(ctx context.Context) (all listed, calls int, err error) {
	all = listed{byName: map[string]detail{}, byOwner: map[string][]string{}}
	for options := (metav1.ListOptions{Limit: pageSize}); ; {
		page, err := p.client.Resource(GVR).List(ctx, options)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return listed{missing: true}, 1, nil
		}
		if err != nil {
			return listed{}, 0, err
		}
		for i := range page.Items {
			all.add(&page.Items[i])
		}
		calls++
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return all, calls, nil
		}
	}
}

func (l listed) add(object *unstructured.Unstructured) {
	name := object.GetNamespace() + "/" + object.GetName()
	seen := see(object)
	seen.object = nil // most of the memory; whoever changes a policy reads it first
	seen.shareTexts()
	l.byName[name] = seen
	if owner, owned := seen.tags[resource.OwnerTag]; owned {
		l.byOwner[owner] = append(l.byOwner[owner], name)
	}
}

// shareTexts keeps once what policies have in common with each other and with the rest of the profile.
func (d *detail) shareTexts() {
	d.tags = memo.Shared(d.tags)
	memo.ShareAll(d.policy.GroupIDs)
	memo.Share(&d.policy.PodSelector, &d.policy.ServiceAccountSelector)
}

// get returns a policy, nil if there is none; missing where the cluster does not know the kind.
func (p *Policies) get(ctx context.Context, namespace, name string) (found *detail, missing bool, err error) {
	all, ok, err := p.lists.Part(ctx, namespace+"/"+name)
	if err != nil {
		return nil, false, err
	}
	if ok {
		if seen, known := all.byName[namespace+"/"+name]; known {
			return &seen, false, nil
		}
		return nil, all.missing, nil
	}
	object, err := p.of(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case crdMissing(err):
		return nil, true, nil
	case apierrors.IsNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	seen := see(object)
	return &seen, false, nil
}

func (p *Policies) of(namespace string) dynamic.ResourceInterface {
	return p.client.Resource(GVR).Namespace(namespace)
}

// detail is this package's view of an observation.
type detail struct {
	// object as read, which an update must start from; nil where it comes out of a list.
	object   *unstructured.Unstructured
	policy   observed.PodSecurityGroups
	tags     map[string]string
	deleting bool
}

func detailOf(o *resource.Observation) detail {
	d, _ := o.Detail.(detail)
	return d
}

func see(object *unstructured.Unstructured) detail {
	return detail{
		object: object, policy: policyOf(object), tags: tagsOf(object.GetAnnotations()), deleting: object.GetDeletionTimestamp() != nil,
	}
}
