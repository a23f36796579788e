// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/controllers/patch"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// intend writes down what must not be forgotten of a pass that is cut off, before the pass writes to AWS: that there
// is something to take down (the finalizer), and which tags and which boundary may be found on the objects. What leaves the
// spec before its first pass is over would stay for good otherwise.
func (p *pass) intend(ctx context.Context) error {
	if err := patch.AddFinalizer(ctx, p.Client, p.object); err != nil {
		return err
	}
	before := copyOf(p.object)
	p.recordIntent(false)
	if equality.Semantic.DeepEqual(before, p.object) {
		return nil
	}
	return patch.Status(ctx, p.Client, p.object, before, func() {})
}

// recordIntent remembers the keys of spec.tags that are on every object, and what the kind remembers besides; while objects are
// still to be done, those from before are kept too.
func (p *pass) recordIntent(settled bool) {
	status := p.object.Found()
	keys := slices.Collect(maps.Keys(p.object.Declared().Tags))
	if !settled {
		keys = append(keys, status.TagKeys...)
	}
	status.TagKeys = declaration.AsSet(keys)
	p.declared.RecordIntent(settled)
}

// begin writes down in status that objects are about to be created: AWS may hold them, and not show them, from then on.
func (p *pass) begin(ctx context.Context, ids []resource.ID, at time.Time) error {
	before, status := copyOf(p.object), p.object.Found()
	list := slices.DeleteFunc(status.Resources, func(r v1alpha1.ResourceStatus) bool {
		return slices.Contains(ids, resource.ID{Kind: r.Kind, Name: r.Name})
	})
	for _, id := range ids {
		list = append(list, v1alpha1.ResourceStatus{Kind: id.Kind, Name: id.Name, State: resource.StateAbsent,
			Origin: v1alpha1.Origin(resource.Created), CreationTime: metav1.NewTime(at)})
	}
	status.Resources = list
	written := false
	if err := patch.Status(ctx, p.Client, p.object, before, func() { written = true }); err != nil || !written {
		return &resource.Waiting{Reason: "WaitingForDependency", Message: "what is to be created waits until status says so"}
	}
	return nil
}

// forgetBegun: what this pass has deleted is gone, and not only not shown yet.
func (p *pass) forgetBegun(removed []*resource.Object) {
	for _, o := range removed {
		prior := p.env.Prior[o.ID]
		prior.Began = time.Time{}
		p.env.Prior[o.ID] = prior
	}
}
