// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/controllers/memory"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// withAge says how old a pass takes answers to be of use: half the interval, so that nobody learns of a change later than
// one and a half intervals after it; and never from before the object's own last write, nor that of a former object of
// its name. Without ReadShared, AWS answers everything itself.
func (p *pass) withAge(ctx context.Context) context.Context {
	if !p.ReadShared || readRequested(p.object) {
		return ctx
	}
	age := inventory.Age{Unheard: p.Now().Add(-p.account.Resync / 2)}
	if p.object.Found().ObservedGeneration != p.object.GetGeneration() {
		age.NotBefore = p.Now().Add(-memory.Lately)
	}
	if at := p.records.Peek(p.req).LastWrite; !at.IsZero() {
		age.Written = at.Add(1) // what was begun at that very moment may be from before
	}
	return inventory.With(ctx, age)
}

// noteUnread has nothing believed any more that was read before of what a pass has written and not read back. Sweeps must
// show what is new.
func (p *pass) noteUnread(result *resource.Result) {
	swept := false
	for _, o := range append(result.All(), result.Removed...) {
		if !o.Unread {
			continue
		}
		p.memory.Touch(resources.Events(o.ID.Kind, o.ID.Name, o.ARN, p.env.Cluster))
		swept = swept || !resources.Find(o.ID.Kind).ReadSingly
	}
	if swept {
		p.noteWrite()
	}
}

// noteWrite has nothing believed any more that was read before now.
func (p *pass) noteWrite() {
	now := p.Now()
	p.records.With(p.req, func(rec *memory.Record) { rec.LastWrite = now })
}

// fresh is how the engine has AWS itself answer; nil where it always does.
func (p *pass) fresh() func(context.Context) context.Context {
	if !p.ReadShared {
		return nil
	}
	return inventory.Fresh
}
