// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// Every creation is written down before it is asked for, so that an operator that has lost its memory, too, knows what
// AWS may hold and not show yet. While that is so, an object that is to go is waited for (present), and one that AWS
// would make a second time is not made again (Once).

// Once is implemented by Resources whose creation must not be asked for twice, since AWS cannot tell the second request
// from the first: the object has no name that would clash, and the call no idempotency token (kms:CreateKey).
type Once interface {
	// Made is the ARN of the object that this pass has asked for, once AWS has answered; else "".
	Made() string
}

// shownWithin is how long AWS may take to show what it has made: up to five minutes in EC2 (developer guide "Eventual
// consistency in the Amazon EC2 API"), "several minutes" in KMS (developer guide "AWS KMS eventual consistency").
const shownWithin = 5 * time.Minute

// unshown says that the object may exist although AWS does not show it; nil when that is out of the question.
func (p *pass) unshown(it *item) *Waiting {
	if it.obs == nil || it.obs.Exists || it.began.IsZero() {
		return nil
	}
	until := it.began.Add(shownWithin)
	if !p.opts.now().Before(until) {
		return nil
	}
	return &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf(
		"%s was created, or its creation was cut off; AWS may not show it before %s",
		it.res.ID(), until.UTC().Format(time.RFC3339))}
}

// unrepeatable is unshown for what must not be created a second time.
func (p *pass) unrepeatable(it *item) *Waiting {
	if _, once := it.res.(Once); !once {
		return nil
	}
	return p.unshown(it)
}

// BeginsItself is implemented by Resources that say themselves, by AboutToCreate, when a creation is asked for: they may
// first have to wait for their turn, or what they create is seen at once, so that there is nothing to write down.
type BeginsItself interface {
	BeginsItself()
}

func beginsItself(res Resource) bool {
	_, ok := res.(BeginsItself)
	return ok
}

// beginning is the key of the context's value that AboutToCreate calls.
type beginning struct{}

// AboutToCreate writes down that the creation is asked for right after it. When it returns an error, nothing must be
// created. It is for the Create of a BeginsItself.
func AboutToCreate(ctx context.Context) error {
	if begin, ok := ctx.Value(beginning{}).(func() error); ok {
		return begin()
	}
	return nil
}

// heldUp tells that a step has ended before AWS was asked for anything: it waits for its turn.
func (it *item) heldUp() bool {
	return beginsItself(it.res) && it.object.Waiting != nil && !it.asked
}

// begunOnly: status knows that the object was to be created, and not what came of it.
func begunOnly(prior Prior) bool {
	return prior.ARN == "" && prior.Hash == "" && !prior.Began.IsZero()
}

// create asks AWS for the object.
func (p *pass) create(ctx context.Context, it *item) error {
	if beginsItself(it.res) {
		ctx = context.WithValue(ctx, beginning{}, func() error {
			it.asked = true
			return p.begin(ctx, it)
		})
	} else if err := p.begin(ctx, it); err != nil {
		return err
	}
	it.created = true
	err := it.res.Create(ctx, p.values, p.opts.newTags())
	if err != nil && made(it.res) == "" && p.refused(err) {
		it.began = it.prior.Began
	}
	return err
}

// begin writes down that the object is about to be created, and with it, in one write, whatever else this pass is going
// to create.
func (p *pass) begin(ctx context.Context, it *item) error {
	if p.opts.Begin == nil || it.begun {
		return nil
	}
	now := p.opts.now().Truncate(time.Second) // as status keeps it
	var list []*item
	var ids []ID
	for _, other := range p.items {
		if other == it || p.isToBeCreated(other) {
			list, ids = append(list, other), append(ids, other.res.ID())
		}
	}
	if err := p.opts.Begin(ctx, ids, now); err != nil {
		return err
	}
	for _, other := range list {
		other.began, other.begun = now, true
	}
	return nil
}

func (p *pass) isToBeCreated(it *item) bool {
	return !beginsItself(it.res) && it.obs != nil && it.own == unowned && !it.stopped && !it.created && len(it.object.Problems) == 0 && !it.object.Unshown && !p.held(it)
}

// beganAt is what status is to remember: a creation that was written down and then not asked for was none.
func (it *item) beganAt() time.Time {
	if it.begun && !it.created {
		return it.prior.Began
	}
	return it.began
}

// refused tells that AWS was not asked, or has answered that it made nothing. After any other error it may have made it.
func (p *pass) refused(err error) bool {
	var waiting *Waiting
	return errors.As(err, &waiting) || p.opts.Classify(err).Kind != failure.Transient
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
