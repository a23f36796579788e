// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// prune removes what we made and nobody declares any more, once everything declared is settled and nothing uses it,
// in reverse dependency order. In mode Observe it is reported.
func (p *pass) prune(ctx context.Context, leftovers []Resource) {
	uses := p.uses()
	settled := !slices.ContainsFunc(p.items, func(it *item) bool { return !it.object.Settled() })
	for _, res := range slices.Backward(p.ordered(leftovers)) {
		it := p.opts.newItem(res)
		p.observe(ctx, it)
		if !p.present(it) || p.isDeclared(it) {
			continue
		}
		switch user := usedBy(uses, it.obs); {
		case it.stopped, it.object.Unshown:
		case !p.opts.Enforce:
			it.object.Drift = []drift.Difference{{
				Path: drift.ObjectPath, Desired: drift.Absent, Observed: drift.Present,
				Severity: drift.Medium, Action: drift.ReportOnly, Reason: "ObjectUndeclared",
			}}
		case user != "":
			it.object.Waiting = &Waiting{Reason: "InUse", Message: fmt.Sprintf("%s is no longer declared, and is removed once %s does not use it any more", res.ID(), user)}
		case !settled:
			it.object.Waiting = &Waiting{Reason: "WaitingForDependency", Message: fmt.Sprintf("%s is no longer declared, and is removed once everything declared is in place", res.ID())}
		case p.remove(ctx, it):
			continue
		}
		p.result.Leftovers = append([]*Object{it.object}, p.result.Leftovers...)
	}
}

// Delete takes the objects down in reverse dependency order: what we created is deleted, what we adopted (or all of
// it, with Retain) is released, what is not ours is left alone. It stops at the first kind that is not gone yet. The
// deletion is complete when Result.Leftovers is empty.
func Delete(ctx context.Context, resources, leftovers []Resource, opts Options) Result {
	p := newPass(resources, opts)
	for _, it := range p.items { // values such as the cluster's VPC are needed to find objects by name
		p.observe(ctx, it)
	}
	p.addLeftovers(ctx, leftovers)
	waitingKind := ""
	for _, it := range slices.Backward(p.items) {
		if isReferenced(it.res) || neverMade(it) || !p.present(it) {
			continue
		}
		if waitingKind == "" || waitingKind == it.res.ID().Kind {
			if !it.stopped && p.remove(ctx, it) {
				continue
			}
			waitingKind = it.res.ID().Kind
		} else if it.object.Waiting == nil && !it.object.Failed() {
			it.object.Waiting = &Waiting{Reason: "Deleting", Message: fmt.Sprintf("%s is %s after %s", it.res.ID(), p.verb(it), waitingKind), Idle: true}
		}
		p.result.Leftovers = append([]*Object{it.object}, p.result.Leftovers...)
	}
	return p.result
}

// neverMade: what status does not remember, and what cannot even be looked for while something else is missing, was
// not made by us. If it was after all, the owner tag finds it among the leftovers.
func neverMade(it *item) bool {
	return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)
}

func isReferenced(res Resource) bool {
	r, ok := res.(Referencer)
	return ok && r.Referenced()
}

// addLeftovers puts the leftovers among the declared objects, at their kind's place in the order.
func (p *pass) addLeftovers(ctx context.Context, leftovers []Resource) {
	for _, res := range leftovers {
		it := p.opts.newItem(res)
		p.observe(ctx, it)
		if !p.isDeclared(it) {
			p.items = append(p.items, it)
		}
	}
	slices.SortStableFunc(p.items, func(a, b *item) int { return p.rank(a.res) - p.rank(b.res) })
}

func (p *pass) ordered(list []Resource) []Resource {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Resource) int { return p.rank(a) - p.rank(b) })
	return list
}

func (p *pass) rank(res Resource) int { return slices.Index(p.opts.Order, res.ID().Kind) }

// isDeclared tells that a leftover, found by its owner tag, is one of the declared objects.
func (p *pass) isDeclared(left *item) bool {
	return left.obs != nil && left.obs.ARN != "" && slices.ContainsFunc(p.items, func(it *item) bool {
		return it != left && it.obs != nil && it.obs.Exists && it.obs.ARN == left.obs.ARN
	})
}

// present tells that the object still exists and is ours by its own tags, and nobody else's with our operator id, or could
// not be read.
func (p *pass) present(it *item) bool {
	obj := it.object
	if it.obs == nil {
		obj.ARN, obj.Origin, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Began
		return true
	}
	obj.Read, obj.Exists, obj.ARN, obj.State, obj.Began = true, it.obs.Exists, it.obs.ARN, it.obs.State, it.began
	if unshown := p.unshown(it); unshown != nil {
		obj.Unshown, obj.Waiting, obj.ARN, obj.Origin = true, unshown, it.prior.ARN, Created
		return true
	}
	if it.obs.Exists {
		obj.Origin = originOf(it.obs, it.prior)
	}
	return it.obs.Exists && !gone(it.res, it.obs) && it.obs.Tags[OwnerTag] == p.opts.Owner && p.opts.Installation.Holds(it.obs.Tags)
}

func gone(res Resource, o *Observation) bool {
	g, ok := res.(Goner)
	return ok && g.Gone(o)
}

// remove deletes or releases one object and tells that it is done with.
func (p *pass) remove(ctx context.Context, it *item) bool {
	if it.object.Unshown {
		return false
	}
	if p.verb(it) == released {
		return p.release(ctx, it)
	}
	if it.obs.Busy != nil {
		it.object.Waiting = it.obs.Busy
		return false
	}
	it.object.Unread = true
	it.began, it.object.Began = time.Time{}, time.Time{} // it was seen: when AWS does not show it from now on, it is gone
	if err := it.res.Delete(ctx, it.obs); err != nil {
		it.stop(p, err)
		return false
	}
	p.observe(ctx, it)
	if it.stopped || p.present(it) {
		if it.object.Waiting == nil && !it.object.Failed() {
			it.object.Waiting = &Waiting{Reason: "Deleting", Message: fmt.Sprintf("%s is being deleted", it.res.ID())}
		}
		return false
	}
	p.removed(it, deleted)
	return true
}

// removed notes an object that is done with.
func (p *pass) removed(it *item, verb string) {
	it.object.Done = append(it.object.Done, verb)
	p.result.Removed = append(p.result.Removed, it.object)
}

// What becomes of an object that is to go.
const (
	deleted  = "deleted"
	released = "released"
)

// verb says what becomes of an object that is to go.
func (p *pass) verb(it *item) string {
	if p.opts.Retain || it.obs != nil && !deletable(it.obs, it.prior, p.opts.Owner) {
		return released
	}
	return deleted
}

// release takes our owner tags off and changes nothing else.
func (p *pass) release(ctx context.Context, it *item) bool {
	it.object.Unread = true
	keys := []string{OwnerTag, OriginTag}
	if _, marked := it.obs.Tags[InstallationTag]; marked {
		keys = append(keys, InstallationTag)
	}
	if err := it.res.Tag(ctx, it.obs, nil, keys); err != nil {
		it.stop(p, err)
		return false
	}
	p.removed(it, released)
	return true
}

// uses collects what the declared objects use right now, and who it is that does.
func (p *pass) uses() map[string]ID {
	uses := map[string]ID{}
	for _, it := range p.items {
		if it.obs == nil || !it.obs.Exists {
			continue
		}
		for _, used := range it.obs.Uses {
			uses[used] = it.res.ID()
		}
	}
	return uses
}

// usedBy names the declared object that uses the observed one, or "".
func usedBy(uses map[string]ID, o *Observation) string {
	if o == nil {
		return ""
	}
	for _, name := range []string{o.ARN, o.Gives[GroupID]} {
		if user, ok := uses[name]; ok && name != "" {
			return user.String()
		}
	}
	return ""
}
