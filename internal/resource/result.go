// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// StateAbsent is the state of an object that does not exist.
const StateAbsent = "Absent"

// Object is what a pass found and did about one Resource.
type Object struct {
	ID      ID
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
	// Unjudged are the paths of fields that cannot be judged, since they take their value from an object that could not
	// be read: what was known of them before still stands.
	Unjudged []string
	// Repaired are the drifts that this pass put right.
	Repaired []drift.Difference
	// Done are the writes that succeeded, in order: created, adopted, tagged, updated, deleted, released.
	Done []string
	// Unread: something was written, or may have been, that was not read back: those who remember do not know of it.
	Unread bool
	// Waiting says what the object waits for, Problems what only a person can put right, Warnings what a person
	// should know; Failure is the error that ended the work on the object.
	Waiting            *Waiting
	Problems, Warnings []Problem
	Failure            *failure.Failure
}

// Settled tells that there is nothing left to do or to wait for.
func (o *Object) Settled() bool {
	return o.Waiting == nil && o.Failure == nil && len(o.Problems) == 0 && len(o.Pending) == 0
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
