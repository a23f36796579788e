// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// Once is implemented by Resources whose creation must not be asked for twice, since AWS cannot tell the second request
// from the first: the object has no name that would clash, and the call no idempotency token (kms:CreateKey). Such a
// creation is written down before it is asked for. While AWS may not show its outcome yet, the object counts neither as
// absent nor as deleted, even for an operator that has lost its memory.
type Once interface {
	// Made is the ARN of the object that this pass has asked for, once AWS has answered; else "".
	Made() string
}

// shownWithin is how long AWS may take to show what it has made: up to five minutes in EC2 (developer guide "Eventual
// consistency in the Amazon EC2 API"), "several minutes" in KMS (developer guide "AWS KMS eventual consistency").
const shownWithin = 5 * time.Minute

// unshown says that the object may exist although AWS does not show it; nil when that is out of the question.
func (p *pass) unshown(it *item) *Waiting {
	if _, once := it.res.(Once); !once || it.obs == nil || it.obs.Exists || it.began.IsZero() {
		return nil
	}
	until := it.began.Add(shownWithin)
	if !p.opts.now().Before(until) {
		return nil
	}
	return &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf(
		"%s was created, or its creation was cut off; AWS does not show it yet, and it is not created again before %s",
		it.res.ID(), until.UTC().Format(time.RFC3339))}
}

// create asks AWS for the object.
func (p *pass) create(ctx context.Context, it *item) error {
	once, isOnce := it.res.(Once)
	if isOnce && p.opts.Begin != nil {
		now := p.opts.now().Truncate(time.Second) // as status keeps it
		if err := p.opts.Begin(ctx, it.res.ID(), now); err != nil {
			return err
		}
		it.began = now
	}
	it.created = true
	err := it.res.Apply(ctx, it.obs, p.values, allTags(p.opts.Tags, p.opts.Owner, Created))
	if isOnce && err != nil && once.Made() == "" && p.refused(err) {
		it.began = it.prior.Began
	}
	return err
}

// refused tells that AWS has answered that it made nothing. After any other error it may have made it.
func (p *pass) refused(err error) bool {
	switch p.opts.Classify(err).Kind {
	case failure.Transient:
		return false
	default:
		return true
	}
}

// made is the ARN of what this pass has made, or "".
func made(res Resource) string {
	if once, ok := res.(Once); ok {
		return once.Made()
	}
	return ""
}

// now is the time that creations are dated by.
func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}
