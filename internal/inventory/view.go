// SPDX-License-Identifier: Apache-2.0

// Package inventory reads an account as a whole, instead of object by object. A View stands between the operator and the
// SDK's clients: it answers the same calls, out of sweeps that all profiles share, and joins what is asked for at the same
// moment. Resources do not know whether they are answered by AWS or by a View.
//
// What a View says may be some minutes old, so nothing is ever written on its word: what looks as if there were something
// to do about it is read from AWS itself first (decisions 0015 and 0017).
package inventory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// View is what is known of one account and Region. It is safe for concurrent use.
type View struct {
	aws atomic.Pointer[awsapi.Clients]
	now func() time.Time
	// ownerTag is the key of the tag that marks what operators made.
	ownerTag string

	// services are what is known of each.
	services

	touches touches
	names   *memo.Refusals // that AWS has refused since they are taken
	// hears tells whether events tell of changes in a service (its eventSource).
	hears func(source string) bool
}

// NewView returns a View that knows nothing yet. It asks clients, takes the time from now, and knows the objects of
// operators by the tag with the key ownerTag.
func NewView(clients awsapi.Clients, now func() time.Time, ownerTag string) *View {
	v := &View{now: now, ownerTag: ownerTag, touches: newTouches(now), names: newTakenNames(now)}
	v.services = v.newServices()
	v.Renew(clients)
	return v
}

// Renew has the View ask other clients from now on: those of a session that was made anew. What is known stays known.
func (v *View) Renew(clients awsapi.Clients) { v.aws.Store(&clients) }

// Hear says how to ask whether events tell of changes in a service, by its eventSource. What AWS can only be asked for one
// by one is then read once an hour, and when an event tells of a change. Call it before the View is used.
func (v *View) Hear(hears func(source string) bool) { v.hears = hears }

// Touch says that an object may have changed: nothing that was read of it before is of use any more.
func (v *View) Touch(objects ...events.Object) {
	for _, o := range objects {
		if readAsWhole(o.Kind) {
			o.Name = events.Any
		}
		v.touches.touch(o)
	}
}

// ageOr returns how old answers may be. Where AWS itself is to answer (false), the object counts as touched: nobody shall
// be told afterwards, by a sweep, what was true before.
func (v *View) ageOr(ctx context.Context, o events.Object) (Age, bool) {
	age, ok := ageOf(ctx, v.now())
	if !ok {
		v.Touch(o)
	}
	return age, ok
}

// untouched is how old a sweep over a kind of objects may be which is read anew when any of them was touched.
func (v *View) untouched(age Age, kind events.Kind) time.Time {
	return later(age.since(), after(v.touches.last(events.Object{Kind: kind, Name: events.Any})))
}

// outdated tells that one of the objects was touched since an answer was read.
func (v *View) outdated(then asOf, objects ...events.Object) bool {
	return !v.touches.last(objects...).Before(then.begun)
}

// serves tells whether what a sweep says of the objects may be told. Where there is no sweep (known is false), AWS is asked
// about the first of them, and nobody shall be told afterwards what was true before.
func (v *View) serves(then asOf, known bool, objects ...events.Object) bool {
	if !known {
		v.Touch(objects[0])
		return false
	}
	return !v.outdated(then, objects...)
}

// since is how old an answer about some objects may be that is read for itself, the last one of which was begun at begun.
func (v *View) since(age Age, begun time.Time, source string, objects ...events.Object) time.Time {
	touched := v.touches.last(objects...)
	if v.hears != nil && v.hears(source) && begun.After(touched.Add(unsettledFor)) {
		return later(age.NotBefore, v.now().Add(-heardFor))
	}
	return later(age.since(), after(touched))
}

// after is the first moment after t: what was begun at the very same moment may be from before.
func after(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(1)
}
