// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/internal/installation"
)

// Installation tells those apart that have the same operator id by mistake.
type Installation = installation.Installation

// InstallationTag says which installation looks after an object.
const InstallationTag = installation.Tag

// ReasonOperatorIDShared says that another installation with the same operator id looks after the object.
const ReasonOperatorIDShared = "OperatorIDShared"

// sharedID words that another installation has the same operator id; nil when none is known.
func (o Options) sharedID(id ID, tags map[string]string) *Problem {
	message, warning := o.Installation.Shared(id.String(), tags, o.Enforce)
	if message == "" {
		return nil
	}
	return &Problem{Warning: warning, Reason: ReasonOperatorIDShared, Message: message}
}

// wantedTags are the tags that an object of ours is to have. The installation's is no matter of mode Observe.
func (p *pass) wantedTags(it *item) map[string]string {
	tags := allTags(p.opts.Tags, p.opts.Owner, it.object.Origin)
	if claim := p.opts.Installation.Claim(it.obs.Tags); claim != "" && p.opts.Enforce {
		tags[InstallationTag] = claim
	}
	return tags
}

// newTags are the tags of what is created.
func (o Options) newTags() map[string]string {
	tags := allTags(o.Tags, o.Owner, Created)
	o.Installation.Mark(tags, nil)
	return tags
}

// marked has an object that is about to be changed say by whom, if it does not: those that are as declared are left as
// older versions made them.
func (p *pass) marked(it *item, next *step) *step {
	if next == nil || next.verb != "updated" || p.opts.Installation.UID == "" || it.obs.Tags[InstallationTag] != "" || it.marked {
		return next
	}
	tagging := p.tagging(it, nil)
	return &step{tagging.verb, func(ctx context.Context) (bool, error) {
		it.marked = true
		_, err := tagging.do(ctx)
		return p.outcome(ctx, it, Change{}, err) // a refusal is no reason to leave the object as it is
	}}
}
