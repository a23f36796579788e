// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"slices"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// StateAbsent is the state of an object that does not exist.
const StateAbsent = "Absent"

// Object is what a pass found and did about one Resource.
type Object struct {
	ID ID
	// Section is the condition that speaks for the object, as Options.Section says.
	Section string
	// Read is false when the object could not be observed at all: what was known of it before still stands.
	Read bool
	// Unshown: AWS does not show the object, and may yet. Unproven: it was created in this pass, and not read back.
	Unshown, Unproven bool
	// Exists, ARN and State are as last observed.
	Exists     bool
	ARN, State string
	// Origin is "" for an object that is not ours.
	Origin Origin
	// Hash and Began are to be remembered in Prior.
	Hash  string
	Began time.Time
	// Drift are the differences that the operator did not cause itself; Pending those that a first creation or an
	// edit of the spec still leaves.
	Drift, Pending []drift.Difference
	// Unjudged are the paths of fields that cannot be judged, since they, or the object that they take their value from,
	// could not be read: what was known of them before still stands. One that names several ends before its bracket.
	Unjudged []string
	// Repaired are the drifts that this pass put right.
	Repaired []drift.Difference
	// Done are the writes that succeeded, in order: created, adopted, tagged, updated, deleted, released.
	Done []string
	// Adopted tells that this pass took the object over; Caution is what that has undone, as the Observation said it.
	Adopted bool
	Caution string
	// Unread: something was written, or may have been, that was not read back: those who remember do not know of it.
	Unread bool
	// Waiting says what the object waits for, Problems what only a person can put right, Warnings what a person
	// should know; Failure is the error that ended the work on the object.
	Waiting            *Waiting
	Problems, Warnings []Problem
	Failure            *failure.Failure
	// Refusals are errors that concern a field, and ended nothing.
	Refusals []Refusal
}

// Refusal is an error that concerns some fields of an object: they could not be read, or not be changed.
type Refusal struct {
	// Paths are the fields, as Diff names them; none where it is no field that is compared.
	Paths []string
	failure.Failure
	// unread: they could not be read.
	unread bool
}

// Settled tells that there is nothing left to do or to wait for.
func (o *Object) Settled() bool {
	return o.Waiting == nil && !o.Failed() && len(o.Problems) == 0 && len(o.Pending) == 0
}

// Failed tells that a call for the object has failed.
func (o *Object) Failed() bool { return o.Failure != nil || len(o.Refusals) > 0 }

// Incomplete tells that the object was read, and some of it could not be.
func (o *Object) Incomplete() bool {
	return slices.ContainsFunc(o.Refusals, func(r Refusal) bool { return r.unread })
}

// Failures lists every error that this pass met at the object.
func (o *Object) Failures() []Refusal {
	var all []Refusal
	if o.Failure != nil {
		all = append(all, Refusal{Failure: *o.Failure})
	}
	return append(all, o.Refusals...)
}

// Result is what a pass found and did.
type Result struct {
	// Objects are the declared ones, in order. Leftovers are objects of ours that are no longer declared and still
	// exist (Run), or everything that still exists (Delete).
	Objects, Leftovers []*Object
	// State is what the posture controls judge.
	State observed.State
	// Removed are the objects that this pass saw off: deleted or released.
	Removed []*Object
}

// All returns the declared objects and the leftovers.
func (r *Result) All() []*Object {
	return append(append([]*Object{}, r.Objects...), r.Leftovers...)
}

// Met tells that a call for the object has failed in that way.
func (o *Object) Met(kind failure.Kind) bool {
	return slices.ContainsFunc(o.Failures(), func(f Refusal) bool { return f.Kind == kind })
}
