// SPDX-License-Identifier: Apache-2.0

// Package resource is the engine: what a Resource is, and how an ordered list of them is brought to its declared
// state. Modes, ownership, adoption, waiting, drift, pruning and deletion are decided here once; a Resource only
// knows its own AWS calls. The package knows no AWS.
package resource

import (
	"context"
	"strings"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// ID names an object within one profile, and is what status shows: kind and name.
type ID struct {
	Kind, Name string
}

// String is the form used in messages and in status.drift: Kind/name.
func (id ID) String() string { return id.Kind + "/" + id.Name }

// KindOf cuts the kind out of Kind/name.
func KindOf(name string) string {
	kind, _, _ := strings.Cut(name, "/")
	return kind
}

// Ref names a value that one Resource gives and another needs, e.g. the ARN of a role.
type Ref struct {
	From  ID
	Value string
}

// The values that Resources give each other.
const (
	ARN            = "arn"
	GroupID        = "groupID"
	VPCID          = "vpcID"
	ClusterGroupID = "clusterSecurityGroupID"
	ClusterStatus  = "status"
	ProfileRoleARN = "roleARN"
)

// Values holds what the Resources of a pass have given so far.
type Values map[Ref]string

// Get returns the value, and false while it is not known yet.
func (v Values) Get(from ID, value string) (string, bool) {
	s, ok := v[Ref{from, value}]
	return s, ok && s != ""
}

// Text returns the value, or the placeholder drift.Unknown while it is not known yet.
func (v Values) Text(from ID, value string) string {
	if s, ok := v.Get(from, value); ok {
		return s
	}
	return drift.Unknown
}

// Prior is what status remembers of an object from earlier passes. The zero value means "never seen".
type Prior struct {
	ARN    string
	Origin Origin
	// Hash is the Resource's Hash when the object last matched in full.
	Hash string
	// Began is when the object's creation was last begun.
	Began time.Time
}

// Origin says how we came to an object.
type Origin string

// The origins.
const (
	Created    Origin = "Created"
	Adopted    Origin = "Adopted"
	Referenced Origin = "Referenced"
)

// Observation is one object as it is now.
type Observation struct {
	// Exists is false when AWS (or Kubernetes) does not know the object. An object on its irrevocable way out,
	// such as a key pending deletion that we scheduled, may count as not existing; the Resource decides.
	Exists bool
	ARN    string
	// State is AWS's word for it in CamelCase (Active, Creating, PendingDeletion), "" where it has none.
	State string
	// Busy is not nil while AWS is working on the object, so that nothing can be done but wait.
	Busy *Waiting
	// Tags are the object's own tags; the engine reads ownership from them and compares them.
	Tags map[string]string
	// Gives are the values that others may need, keyed as in Ref.Value.
	Gives map[string]string
	// Uses are ARNs and ids of other objects that this object uses right now: they must not be deleted under it.
	Uses []string
	// Problems are reasons why the declaration cannot or may not be carried out, found while reading (an unknown
	// policy, a public subnet). They become Stalled before anything is written.
	Problems []Problem
	// Caution says what taking the object over would undo, as a clause ("somebody has scheduled its deletion, ..."); "" for
	// nothing that matters.
	Caution string
	// Unread are the fields that could not be read: they are not judged, and everything else is.
	Unread []Unread
	// Twin is what has the object's name in other letters, where it does not exist. Nil: nothing has.
	Twin *Twin
	// Record puts what was seen into the state that the posture controls judge. Nil: nothing to add.
	Record func(*observed.State)
	// Detail is the Resource's own view, for its Diff and Changes.
	Detail any
}

// Unread is a field that could not be read, while the object as a whole was.
type Unread struct {
	// Path is as in Problem. Where it is "", no field depends on what could not be read.
	Path string
	Err  error
}

// Problem is something that only a person can put right.
type Problem struct {
	// Reason is a CamelCase condition reason, Message a whole sentence: object, field, found, expected, what to do.
	Reason, Message string
	// Path is the field that the problem is about, as Diff names it (managedPolicies[arn]), or a prefix of several
	// (inlinePolicies); "" for the object as a whole. A problem stops the creation and the adoption of objects, and the
	// change of that field: everything else of an object of ours is repaired all the same.
	Path string
	// Warning: it is said (as an Event and in the section's message) but stops nothing.
	Warning bool
}

// Waiting is the error of a step that cannot go on yet: not a failure, a state.
type Waiting struct {
	Reason, Message string
	// After is when to look again, where that is known; 0: after the usual while.
	After time.Duration
	// Idle: what is waited for is another object of the same list, so that this wait needs no look of its own.
	Idle bool
}

// Error implements error.
func (w *Waiting) Error() string { return w.Message }

// Resource is one object that a profile declares or links. Observe reads and never writes; Diff and Changes are pure;
// Create, each Change and Delete are steps that are safe to repeat after a crash or a lost answer at any point.
//
// Every method returns errors as the AWS SDK gave them (wrapped or not): the engine classifies them. A *Waiting
// means "come back later".
type Resource interface {
	ID() ID
	// Hash identifies the declaration, without anything that is only known at run time: as long as it is the same,
	// a difference is drift and not an edit. "" for a Resource that is only referenced or to be deleted.
	Hash() string
	// Needs lists the values without which the object cannot be created. A value that is only needed by a single
	// field is not listed: Diff marks that field's difference with WaitsFor, and Changes leaves it out.
	Needs() []Ref
	// Observe reads the object. Values hold what earlier Resources of the list gave in this pass.
	Observe(ctx context.Context, v Values) (*Observation, error)
	// Diff compares the declaration with what was observed. It is called for existing objects only, and leaves
	// tags to the engine.
	Diff(o *Observation, v Values) []drift.Difference
	// Create makes the object, with the given tags from its first moment.
	Create(ctx context.Context, v Values, tags map[string]string) error
	// Changes are the steps that remove differences. It is pure: what a step does, it does when the engine calls it, which
	// is for differences only that Diff reports with action Repair.
	Changes(o *Observation, v Values) []Change
	// Tag sets and removes tags on an existing object.
	Tag(ctx context.Context, o *Observation, set map[string]string, remove []string) error
	// Delete starts or finishes the deletion; the engine calls it until Observe says that the object is gone.
	// While something else uses the object it returns a *Waiting that says what.
	Delete(ctx context.Context, o *Observation) error
}

// Referencer is implemented by Resources that are only read (an existing role, a key by ARN, the cluster): the engine
// never writes, tags or deletes them, and their origin is Referenced.
type Referencer interface {
	Referenced() bool
}

// Goner is implemented by Resources whose objects are never quite NotFound after a deletion: Gone tells that what
// was observed counts as deleted (a KMS key that is pending deletion).
type Goner interface {
	Gone(o *Observation) bool
}
