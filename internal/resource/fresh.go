// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
)

// Most of what a pass reads is shared with other passes, and some minutes old. That is enough to know that all is well,
// and not enough to write: whatever looks as if something were to be done about it is read again first.

// Maker is implemented by Resources that know what they have created from AWS's answers: reading each new object back
// at once would cost as many calls as making it.
type Maker interface {
	// AsMade is the object as Create has made it, but for its tags; nil when AWS's answers do not say enough.
	// Only what others need of it is looked at: the next pass reads it back.
	AsMade() *Observation
}

func (o Options) fresh(ctx context.Context) context.Context {
	if o.Fresh == nil {
		return ctx
	}
	return o.Fresh(ctx)
}

func (o Options) witnessed(ctx context.Context) (context.Context, func() bool) {
	if o.Witnessed == nil {
		return ctx, func() bool { return false }
	}
	return o.Witnessed(ctx)
}

// observeFresh has AWS itself answer.
func (p *pass) observeFresh(ctx context.Context, it *item) {
	p.observe(p.opts.fresh(ctx), it)
	it.fresh = true
}

// readAgain is observeFresh for an observation that may be outdated: should AWS not answer, nothing is known.
func (p *pass) readAgain(ctx context.Context, it *item) {
	it.obs = nil
	p.observeFresh(ctx, it)
}

// makeSure reads again whatever does not look as declared, so that nothing is decided on by what may be outdated. What
// could not be read is not tried again at once; what AWS is at work on is nobody's turn, and is not answered from memory.
func (p *pass) makeSure(ctx context.Context) {
	again := false
	for _, it := range p.items {
		if !it.object.Failed() && !it.atRest() && !it.busy() && !p.sure(it) {
			p.readAgain(ctx, it)
			again = true
		}
	}
	if again {
		p.judgeAll()
	}
}

// atRest tells that there is nothing to do about the object, and nothing to say.
func (it *item) atRest() bool { return it.object.Settled() && len(it.object.Drift) == 0 }

func (it *item) busy() bool { return it.obs != nil && it.obs.Busy != nil }

// sure tells that the observation may be acted on. What was never made may be made although somebody else could have
// made it since: AWS refuses a second object of the same name.
func (p *pass) sure(it *item) bool {
	if p.opts.Fresh == nil || it.fresh {
		return true
	}
	return it.obs != nil && it.own == unowned && !remembered(it.prior) && it.prior.Began.IsZero() && len(it.object.Problems) == 0
}

// takeAsMade takes AWS's answer to a creation for an observation, where it says enough.
func (p *pass) takeAsMade(it *item) bool {
	maker, ok := it.res.(Maker)
	if !ok || p.opts.Fresh == nil || it.own != unowned {
		return false
	}
	obs := maker.AsMade()
	if obs == nil {
		return false
	}
	obs.Tags = p.opts.newTags()
	it.unproven = true
	p.take(it, obs)
	return true
}

func readBack(id ID) *Waiting {
	return &Waiting{Reason: "WaitingForAWS", Message: fmt.Sprintf("%s was created, and is read back next", id)}
}
