// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

type freshKey struct{}

// remembered is a thing that is answered by what a world was earlier, unless asked afresh.
type remembered struct {
	*thing
	earlier *world
	fresh   int // observations that the world of now has answered
	maker   bool
}

func (r *remembered) Observe(ctx context.Context, v resource.Values) (*resource.Observation, error) {
	if ctx.Value(freshKey{}) != nil {
		r.fresh++
		return r.thing.Observe(ctx, v)
	}
	then := *r.thing
	then.w = r.earlier
	return then.Observe(ctx, v)
}

// AsMade implements resource.Maker.
func (r *remembered) AsMade() *resource.Observation {
	if !r.maker {
		return nil
	}
	return &resource.Observation{Exists: true, ARN: "arn:" + r.name, Gives: map[string]string{resource.ARN: "arn:" + r.name}}
}

// twoWorlds are what is, and what is remembered of it, each with an object A whose field is as given ("": no object).
func twoWorlds(now, then string) *remembered {
	r := &remembered{thing: &thing{w: newWorld(), name: "A", field: "good"}, earlier: newWorld()}
	for w, field := range map[*world]string{r.w: now, r.earlier: then} {
		if field != "" {
			w.objects["A"] = &object{field: field, tags: map[string]string{resource.OwnerTag: owner, resource.OriginTag: "Created"}}
		}
	}
	return r
}

// matched is the hash of an object that is as declared.
func matched() string {
	r := twoWorlds("good", "good")
	return resource.Run(context.Background(), []resource.Resource{r.thing}, nil, enforce()).Objects[0].Hash
}

// run is a pass that reads what is remembered.
func (r *remembered) run(known bool, change ...func(*resource.Options)) (resource.Result, *resource.Object) {
	opts := enforce()
	opts.Fresh = func(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }
	if known {
		opts.Prior = map[resource.ID]resource.Prior{id("A"): {ARN: "arn:A", Origin: resource.Created, Hash: matched()}}
	}
	for _, f := range change {
		f(&opts)
	}
	result := resource.Run(context.Background(), []resource.Resource{r}, nil, opts)
	return result, result.Objects[0]
}

func TestWhatIsAsDeclaredIsNotReadAgain(t *testing.T) {
	r := twoWorlds("good", "good")
	if _, o := r.run(true); r.fresh != 0 || !o.Settled() || len(r.w.writes) > 0 {
		t.Errorf("read afresh %d times, wrote %q, settled %v", r.fresh, r.w.writes, o.Settled())
	}
}

// TestNothingIsRepairedOnOldWord: what was different, and no longer is, is neither repaired nor reported.
func TestNothingIsRepairedOnOldWord(t *testing.T) {
	r := twoWorlds("good", "bad")
	_, o := r.run(true)
	if r.fresh == 0 || len(r.w.writes) > 0 || len(o.Drift)+len(o.Repaired) > 0 || !o.Settled() {
		t.Errorf("read afresh %d times, wrote %q, drift %v, repaired %v", r.fresh, r.w.writes, o.Drift, o.Repaired)
	}
}

func TestARepairIsDecidedOnAndConfirmedAfresh(t *testing.T) {
	r := twoWorlds("bad", "bad")
	_, o := r.run(true)
	if r.fresh != 2 || !slices.Equal(r.w.writes, []string{"apply A"}) || len(o.Repaired) != 1 || len(o.Drift) > 0 {
		t.Errorf("read afresh %d times, wrote %q, repaired %v, drift %v", r.fresh, r.w.writes, o.Repaired, o.Drift)
	}
}

// TestARepairThatIsReadBackLeavesNothingUnread: others need not read the whole account again for it. One that failed may
// have been made all the same.
func TestARepairThatIsReadBackLeavesNothingUnread(t *testing.T) {
	for _, fails := range []bool{false, true} {
		r := twoWorlds("bad", "bad")
		if fails {
			r.w.fail = map[string]error{"apply A": errors.New("the connection broke off")}
		}
		if _, o := r.run(true); o.Unread != fails || len(r.w.writes) != 1 {
			t.Errorf("fails %v: unread %v after %q", fails, o.Unread, r.w.writes)
		}
	}
}

// TestAWriteWhoseAnswerWasLostIsUnread: the owner tag may have been put back, and the object made, all the same.
func TestAWriteWhoseAnswerWasLostIsUnread(t *testing.T) {
	for write, now := range map[string]string{"tag A": "good", "apply A": ""} {
		r := twoWorlds(now, now)
		if now != "" {
			delete(r.w.objects["A"].tags, resource.OwnerTag)
			delete(r.earlier.objects["A"].tags, resource.OwnerTag)
		}
		r.w.fail = map[string]error{write: errors.New("the connection broke off")}
		if _, o := r.run(now != ""); !o.Unread || o.Failure == nil {
			t.Errorf("%s: unread %v, failure %v, after %q", write, o.Unread, o.Failure, r.w.writes)
		}
	}
}

// TestTheRepairIsOfWhatIsThereNow: the difference that is recorded is that of the fresh read.
func TestTheRepairIsOfWhatIsThereNow(t *testing.T) {
	r := twoWorlds("worse", "bad")
	if _, o := r.run(true); len(o.Repaired) != 1 || o.Repaired[0].Observed != "worse" {
		t.Errorf("repaired %v, want what was worse", o.Repaired)
	}
}

// TestObserveReportsWhatIsRemembered: a mode that writes nothing need not be sure.
func TestObserveReportsWhatIsRemembered(t *testing.T) {
	r := twoWorlds("bad", "bad")
	if _, o := r.run(true, func(opts *resource.Options) { opts.Enforce = false }); r.fresh != 0 || len(o.Drift) != 1 || o.Drift[0].Action != drift.ReportOnly {
		t.Errorf("read afresh %d times, drift %v", r.fresh, o.Drift)
	}
}

// TestAFirstCreationNeedsNoRead: AWS decides whether there is one already, and says what it has made.
func TestAFirstCreationNeedsNoRead(t *testing.T) {
	r := twoWorlds("", "")
	r.maker = true
	result, o := r.run(false)
	if r.fresh != 0 || !slices.Equal(r.w.writes, []string{"apply A"}) {
		t.Errorf("read afresh %d times, wrote %q", r.fresh, r.w.writes)
	}
	if !o.Unproven || o.Waiting == nil || o.Waiting.Idle || o.Hash != "" || o.ARN != "arn:A" || o.Origin != resource.Created || !result.Objects[0].Unread {
		t.Errorf("%+v: want an object that is to be read back", o)
	}
}

func TestACreationIsReadBackWhereNobodyKnowsIt(t *testing.T) {
	r := twoWorlds("", "")
	if _, o := r.run(false); r.fresh != 1 || o.Unproven || !o.Settled() {
		t.Errorf("read afresh %d times, %+v", r.fresh, o)
	}
}

// TestWhatWasOursIsMissedAfreshOnly: an object that we have had is not made again because it was not there earlier.
func TestWhatWasOursIsMissedAfreshOnly(t *testing.T) {
	r := twoWorlds("good", "")
	r.maker = true
	if _, o := r.run(true); r.fresh != 1 || len(r.w.writes) > 0 || !o.Settled() {
		t.Errorf("read afresh %d times, wrote %q", r.fresh, r.w.writes)
	}
}

// TestOldWordIsNoWordWhereAWSDoesNotAnswer: nothing is written when the fresh read fails, and the object is not known.
func TestOldWordIsNoWordWhereAWSDoesNotAnswer(t *testing.T) {
	r := twoWorlds("bad", "bad")
	r.w.fail["observe A"] = errors.New("no answer")
	if _, o := r.run(true); o.Failure == nil || o.Read || len(r.w.writes) > 0 {
		t.Errorf("failure %v, read %v, wrote %q", o.Failure, o.Read, r.w.writes)
	}
}

// TestWhatAWSIsAtWorkOnIsReadOnce: whoever remembers does not remember that.
func TestWhatAWSIsAtWorkOnIsReadOnce(t *testing.T) {
	r := twoWorlds("good", "good")
	r.busy = true
	if _, o := r.run(true); r.fresh != 0 || o.Waiting == nil {
		t.Errorf("read afresh %d times, waiting for %v", r.fresh, o.Waiting)
	}
}

// TestAWSsOwnWordIsNotAskedForTwice: where the first observation was AWS's own word, the repair is decided on by it, and
// confirmed by one read.
func TestAWSsOwnWordIsNotAskedForTwice(t *testing.T) {
	for _, proven := range []bool{true, false} {
		r := twoWorlds("bad", "bad")
		_, o := r.run(true, func(opts *resource.Options) {
			opts.Witnessed = func(ctx context.Context) (context.Context, func() bool) { return ctx, func() bool { return proven } }
		})
		want := map[bool]int{true: 1, false: 2}[proven]
		if r.fresh != want || len(o.Repaired) != 1 || len(o.Drift) > 0 {
			t.Errorf("proven %v: read afresh %d times, want %d; repaired %v, drift %v", proven, r.fresh, want, o.Repaired, o.Drift)
		}
	}
}

// TestAFailedReadProvesNothing: the read that follows it asks again.
func TestAFailedReadProvesNothing(t *testing.T) {
	r := twoWorlds("good", "bad")
	failing := &failsOnce{remembered: r}
	opts := enforce()
	opts.Fresh = func(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }
	opts.Witnessed = func(ctx context.Context) (context.Context, func() bool) { return ctx, func() bool { return true } }
	opts.Prior = map[resource.ID]resource.Prior{id("A"): {ARN: "arn:A", Origin: resource.Created, Hash: matched()}}
	if o := resource.Run(context.Background(), []resource.Resource{failing}, nil, opts).Objects[0]; r.fresh == 0 || !o.Read {
		t.Errorf("read afresh %d times, read %v", r.fresh, o.Read)
	}
}

// failsOnce waits for something at its first observation.
type failsOnce struct {
	*remembered
	failed bool
}

func (f *failsOnce) Observe(ctx context.Context, v resource.Values) (*resource.Observation, error) {
	if !f.failed {
		f.failed = true
		return nil, &resource.Waiting{Reason: "WaitingForDependency", Message: "waits"}
	}
	return f.remembered.Observe(ctx, v)
}
