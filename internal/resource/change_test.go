// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// table is an object of many fields, those that a guardrail forbids begin with an exclamation mark. A change of several
// declared fields is one call, as AuthorizeSecurityGroupIngress is.
type table struct {
	declared map[string]string
	inForce  map[string]string
	tags     map[string]string
	problems []resource.Problem
	// refuse and unread are the errors of writing and of reading a field.
	refuse, unread map[string]error
	// room is how many fields fit; 0: any number.
	room  int
	calls []string
}

func newTable() *table {
	declared := map[string]string{"f[a]": "1", "f[b]": "2", "f[c]": "3"}
	return &table{
		declared: declared, inForce: maps.Clone(declared), refuse: map[string]error{}, unread: map[string]error{},
		tags: map[string]string{resource.OwnerTag: owner, resource.OriginTag: string(resource.Created)},
	}
}

func (t *table) ID() resource.ID       { return resource.ID{Kind: "Table", Name: "t"} }
func (t *table) Needs() []resource.Ref { return nil }
func (t *table) Hash() string {
	return strings.Join(slices.Sorted(maps.Keys(t.declared)), ",") + strings.Join(slices.Sorted(maps.Values(t.declared)), ",")
}

func (t *table) Observe(context.Context, resource.Values) (*resource.Observation, error) {
	o := &resource.Observation{Exists: true, ARN: "arn:t", Tags: maps.Clone(t.tags), Problems: t.problems, Detail: maps.Clone(t.inForce)}
	for _, path := range slices.Sorted(maps.Keys(t.unread)) {
		o.Unread = append(o.Unread, resource.Unread{Path: path, Err: t.unread[path]})
	}
	return o, nil
}

func (t *table) Diff(o *resource.Observation, _ resource.Values) []drift.Difference {
	var list []drift.Difference
	have := o.Detail.(map[string]string)
	fields := maps.Clone(t.declared)
	maps.Copy(fields, have)
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		if t.declared[path] != have[path] {
			list = append(list, drift.Difference{Path: path, Desired: t.declared[path], Observed: have[path], Severity: drift.High, Action: drift.Repair, Reason: "Changed"})
		}
	}
	return list
}

func (t *table) Changes(o *resource.Observation, v resource.Values) []resource.Change {
	var list []resource.Change
	var set []string
	for _, d := range t.Diff(o, v) {
		switch {
		case d.Desired != "":
			set = append(set, d.Path)
		case strings.HasPrefix(d.Path, "f[!"):
			list = append(list, t.removing(resource.Forbidden, d.Path))
		case strings.HasPrefix(d.Path, "limit"):
			list = append(list, t.removing(resource.Loosen, d.Path))
		default:
			list = append(list, t.removing(resource.Remove, d.Path))
		}
	}
	if len(set) > 0 {
		all := t.setting(set...)
		for _, path := range set {
			all.Singly = append(all.Singly, t.setting(path))
		}
		list = append(list, all)
	}
	return list
}

func (t *table) setting(paths ...string) resource.Change {
	return resource.Change{Paths: paths, Order: resource.Set, Do: func(context.Context) error {
		t.calls = append(t.calls, "set "+strings.Join(paths, " "))
		more := 0
		for _, path := range paths {
			if err := t.refuse[path]; err != nil {
				return err
			}
			if _, ok := t.inForce[path]; !ok {
				more++
			}
		}
		if t.room > 0 && len(t.inForce)+more > t.room {
			return fault(failure.Quota)
		}
		for _, path := range paths {
			t.inForce[path] = t.declared[path]
		}
		return nil
	}}
}

func (t *table) removing(order resource.Order, path string) resource.Change {
	return resource.Change{Paths: []string{path}, Order: order, Do: func(context.Context) error {
		t.calls = append(t.calls, "remove "+path)
		if err := t.refuse[path]; err != nil {
			return err
		}
		delete(t.inForce, path)
		return nil
	}}
}

func (t *table) Create(context.Context, resource.Values, map[string]string) error { panic("it exists") }

func (t *table) Tag(_ context.Context, _ *resource.Observation, set map[string]string, _ []string) error {
	maps.Copy(t.tags, set)
	return nil
}

func (t *table) Delete(context.Context, *resource.Observation) error { panic("nobody deletes it") }

// fault is an error of AWS that means the kind.
type fault failure.Kind

func (f fault) Error() string { return "refused: " + string(f) }

// options are those of a pass over a table that is remembered as it was declared before.
func (t *table) options() resource.Options {
	opts := enforce()
	opts.Classify = func(err error) failure.Failure {
		var f fault
		if errors.As(err, &f) {
			return failure.Failure{Kind: failure.Kind(f), Reason: string(f), Message: err.Error()}
		}
		return failure.Failure{Kind: failure.Invalid, Reason: "Invalid", Message: err.Error()}
	}
	return opts
}

func (t *table) run(opts resource.Options) *resource.Object {
	t.calls = nil
	return resource.Run(context.Background(), []resource.Resource{t}, nil, opts).Objects[0]
}

// settled are the options after a first pass over a table that is as declared.
func (t *table) settled() resource.Options {
	return remember(t.options(), resource.Run(context.Background(), []resource.Resource{t}, nil, t.options()))
}

// troubles are what can be wrong with the field f[a].
var troubles = map[string]func(*table){
	"problem":        func(t *table) { t.problems = []resource.Problem{{Reason: "Bad", Message: "bad", Path: "f[a]"}} },
	"problem of all": func(t *table) { t.problems = []resource.Problem{{Reason: "Bad", Message: "bad", Path: "f"}} },
	"problem of the object": func(t *table) {
		t.problems = []resource.Problem{{Reason: "Bad", Message: "bad"}}
		t.refuse["f[a]"] = fault(failure.Invalid)
	},
	"denied":    func(t *table) { t.refuse["f[a]"] = fault(failure.AccessDenied) },
	"invalid":   func(t *table) { t.refuse["f[a]"] = fault(failure.Invalid) },
	"not found": func(t *table) { t.refuse["f[a]"] = fault(failure.NotFound) },
	"quota":     func(t *table) { t.refuse["f[a]"] = fault(failure.Quota) },
	"busy":      func(t *table) { t.refuse["f[a]"] = fault(failure.Busy) },
	"passing":   func(t *table) { t.refuse["f[a]"] = fault(failure.Transient) },
	"waiting":   func(t *table) { t.refuse["f[a]"] = &resource.Waiting{Reason: "NotYet", Message: "not yet"} },
	"unread":    func(t *table) { t.unread["f[a]"] = fault(failure.AccessDenied) },
}

// tamperings are what somebody may do to the same object.
var tamperings = map[string]func(*table){
	"added":     func(t *table) { t.inForce["f[x]"] = "evil" },
	"forbidden": func(t *table) { t.inForce["f[!x]"] = "evil" },
	"both":      func(t *table) { t.inForce["f[x]"], t.inForce["f[!x]"] = "evil", "evil" },
	"changed":   func(t *table) { t.inForce["f[b]"] = "evil" },
	"removed":   func(t *table) { delete(t.inForce, "f[c]") },
}

// TestTroubleWithOneFieldShieldsNoOther: whatever is wrong with one field, and whether it differs since an edit or since
// somebody changed it, what anybody does to the rest of the object is repaired in the same pass and told as drift; and
// status never says that nothing differs while something does.
func TestTroubleWithOneFieldShieldsNoOther(t *testing.T) {
	for trouble, trouble2 := range troubles {
		for tampering, tamper := range tamperings {
			for _, edit := range []string{"", "/edit"} {
				t.Run(trouble+"/"+tampering+edit, func(t *testing.T) {
					tab := newTable()
					opts := tab.settled()
					if edit != "" {
						tab.declared["f[a]"] = "edited"
					} else {
						tab.inForce["f[a]"] = "evil"
					}
					trouble2(tab)
					opts = remember(opts, resource.Run(context.Background(), []resource.Resource{tab}, nil, opts))
					tamper(tab)
					checkShield(t, tab, tab.run(opts), trouble, tampering, edit != "")
				})
			}
		}
	}
}

// checkShield looks at what a pass made of a tampering beside a trouble.
func checkShield(t *testing.T, tab *table, o *resource.Object, trouble, tampering string, edit bool) {
	t.Helper()
	// A call that sets several fields is refused as a whole: AWS does not say for which. A problem of all fields is about
	// these too. What is not repaired is shown.
	together := tampering == "changed" || tampering == "removed"
	shown := together && slices.Contains([]string{"denied", "busy", "passing", "waiting", "problem of all"}, trouble)
	// An edit that is only late hides what comes meanwhile, until it is done or refused for good.
	late := edit && slices.Contains([]string{"busy", "passing", "waiting", "unread"}, trouble)
	want := maps.Clone(tab.declared)
	want["f[a]"] = tab.inForce["f[a]"]
	if repaired := maps.Equal(tab.inForce, want); repaired == shown {
		t.Errorf("in force: %v, calls %q", tab.inForce, tab.calls)
	}
	if !shown && !late && len(o.Repaired) == 0 {
		t.Errorf("nothing is told to be repaired: drift %v, pending %v", o.Drift, o.Pending)
	}
	differ := 1
	if trouble == "unread" { // it may differ; nobody knows
		differ = 0
	}
	if shown {
		differ++
	}
	if len(o.Drift)+len(o.Pending) != differ || !late && len(o.Pending) > 0 {
		t.Errorf("%d fields differ, drift is %v, pending %v", differ, o.Drift, o.Pending)
	}
	if o.Settled() {
		t.Error("the trouble is not told")
	}
	untouched := slices.Contains([]string{"problem", "problem of all", "unread"}, trouble)
	before := map[bool]string{true: "1", false: "evil"}[edit]
	if untouched && tab.inForce["f[a]"] != before {
		t.Errorf("f[a] is not to be touched, and was set to %q", tab.inForce["f[a]"])
	}
}

func TestWhatAGuardrailForbidsGoesFirst(t *testing.T) {
	tab := newTable()
	opts := tab.settled()
	delete(tab.inForce, "f[a]")
	tab.inForce["f[!x]"], tab.inForce["f[x]"] = "evil", "evil"
	tab.run(opts)
	if want := []string{"remove f[!x]", "set f[a]", "remove f[x]"}; !slices.Equal(tab.calls, want) {
		t.Errorf("calls %q, want %q: what is declared is added before what is not is taken away", tab.calls, want)
	}
}

func TestAtAQuotaWhatIsUnlistedMakesRoom(t *testing.T) {
	tab := newTable()
	opts := tab.settled()
	delete(tab.inForce, "f[a]")
	tab.inForce["f[x]"], tab.room = "evil", 3
	o := tab.run(opts)
	if want := []string{"set f[a]", "remove f[x]", "set f[a]"}; !slices.Equal(tab.calls, want) || o.Failed() {
		t.Errorf("calls %q, want %q, failures %v", tab.calls, want, o.Failures())
	}
}

// What fits is added although all together does not.
func TestAQuotaRefusesNoMoreThanItMust(t *testing.T) {
	tab := newTable()
	opts := tab.settled()
	tab.inForce, tab.room = map[string]string{"f[a]": "1"}, 2
	o := tab.run(opts)
	if len(tab.inForce) != 2 || len(o.Failures()) != 1 || o.Failures()[0].Kind != failure.Quota {
		t.Errorf("in force %v, failures %v", tab.inForce, o.Failures())
	}
}

func TestEveryErrorOfAPassIsTold(t *testing.T) {
	tab := newTable()
	opts := tab.settled()
	tab.inForce["f[x]"], tab.inForce["f[!x]"], tab.inForce["f[a]"] = "evil", "evil", "evil"
	tab.refuse["f[x]"], tab.refuse["f[!x]"], tab.refuse["f[a]"] = fault(failure.AccessDenied), fault(failure.Invalid), fault(failure.NotFound)
	tab.unread["f[b]"] = fault(failure.Transient)
	var kinds []string
	for _, f := range tab.run(opts).Failures() {
		kinds = append(kinds, strings.Join(f.Paths, " ")+" "+string(f.Kind))
	}
	slices.Sort(kinds)
	if want := []string{"f[!x] Invalid", "f[a] NotFound", "f[b] Transient", "f[x] AccessDenied"}; !slices.Equal(kinds, want) {
		t.Errorf("failures %q, want %q", kinds, want)
	}
}

// A throttle is no refusal: AWS takes no calls, and each would be one more.
func TestAThrottleEndsTheWorkOnTheObject(t *testing.T) {
	tab := newTable()
	opts := tab.settled()
	tab.inForce["f[x]"], tab.inForce["f[a]"] = "evil", "evil"
	tab.refuse["f[a]"] = fault(failure.Throttled)
	if o := tab.run(opts); len(tab.calls) != 1 || o.Failure == nil || !o.Unread {
		t.Errorf("calls %q, failure %v", tab.calls, o.Failure)
	}
}

// What holds something down goes only when nothing is left that it may hold down.
func TestALimitIsLiftedLast(t *testing.T) {
	for name, hold := range map[string]func(*table){
		"nothing": func(*table) {},
		"refused": func(tab *table) { tab.refuse["f[x]"] = fault(failure.AccessDenied) },
		"unread":  func(tab *table) { tab.unread["f[b]"] = fault(failure.AccessDenied) },
		"problem": func(tab *table) { tab.problems = []resource.Problem{{Reason: "Bad", Message: "bad", Path: "f[a]"}} },
	} {
		tab := newTable()
		opts := tab.settled()
		tab.inForce["f[x]"], tab.inForce["limit"] = "evil", "on"
		hold(tab)
		tab.run(opts)
		if _, limited := tab.inForce["limit"]; limited != (name != "nothing") {
			t.Errorf("%s: the limit is on: %v, calls %q", name, limited, tab.calls)
		}
	}
}

// What waits for an object that is not to be made is not left pending: it is shown.
func TestWhatWaitsForWhatIsHeldUpIsShown(t *testing.T) {
	w := newWorld()
	a, b := &thing{w: w, name: "a", field: "1"}, &thing{w: w, name: "b", field: "1"}
	opts := remember(enforce(), run(t, enforce(), a))
	a.from, b.problem = "b", "no such thing"
	for _, o := range run(t, opts, a, b).Objects[:1] {
		if len(o.Drift) != 1 || len(o.Pending) > 0 || o.Drift[0].WaitsFor != "Thing/b" {
			t.Errorf("drift %+v, pending %+v", o.Drift, o.Pending)
		}
	}
}

// What is about to be taken over, or may not be, is not said to be as declared.
func TestAnObjectThatIsKeptOutIsShown(t *testing.T) {
	for name, options := range map[string]func(*resource.Options, *table){
		"refused": func(*resource.Options, *table) {},
		"held up": func(o *resource.Options, tab *table) {
			o.Adopt, tab.problems = true, []resource.Problem{{Reason: "Bad", Message: "bad", Path: "f[b]"}}
		},
	} {
		tab := newTable()
		tab.tags, tab.inForce["f[x]"] = nil, "evil"
		opts := tab.options()
		options(&opts, tab)
		o := tab.run(opts)
		if len(tab.calls) > 0 || len(tab.tags) > 0 || len(o.Pending) > 0 || len(o.Drift) == 0 {
			t.Errorf("%s: calls %q, tags %v, drift %v, pending %v", name, tab.calls, tab.tags, o.Drift, o.Pending)
		}
	}
}
