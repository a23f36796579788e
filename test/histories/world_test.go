// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/controllers/schedule"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// muchLater is longer than an interval between reads, and than AWS takes to show what was made.
const muchLater = 6 * time.Minute

// between is how long, on the simulator's clock, the operators wait between two rounds.
const between = 20 * time.Second

// world is one history: a simulated AWS account, and one or two installations of the operator that work in it.
type world struct {
	sim      *awssim.Sim
	clock    *awssim.ManualClock
	aws      awsapi.Clients // a person's
	stop     func()
	installs []*install

	mu     sync.Mutex
	turns  []*turn // the passes that are under way: the last one works, those before it are held up
	last   []awssim.Object
	wrote  int // to AWS and to Kubernetes, by operators
	wrong  []string
	events []string // what happened, for the report of a failure
	// tagged is whose owner tag an object carried last, by ARN: what a replica that lags behind may still show.
	tagged map[string]string
	// made are the writes of passes, and seen all objects that there ever were (plan_test.go).
	made []made
	seen []awssim.Object
	// abandoned are owners whose profile was deleted while nothing may be written.
	abandoned map[string]bool
	// annexed: objects of a second kind live beside the profiles (annex_test.go).
	annexed bool
}

// install is one installation of the operator, in a cluster of its own.
type install struct {
	w       *world
	id      string
	kube    *kubernetes
	account v1alpha1.AWSAccount
	// shared: passes that only look are answered out of the account's shared view.
	shared bool
	// operators are the leader and its stand-by; nil: not started.
	operators [2]*pass.Reconciler
	// annexes are their reconcilers of the second kind.
	annexes [2]*pass.Reconciler
	// queues are what they listen to changes with.
	queues [2]*wake.Queues
}

// turn is one pass of one operator over one object.
type turn struct {
	install  *install
	operator int
	name     string
	owner    string
	wanted   wanted        // by the object as it was stored when the pass began
	faults   map[int]fault // by the number of the call
	late     bool          // the cache shows the profile as it was
	heldUp   bool          // another operator worked in the middle of it
	misled   bool          // AWS has answered it as of a while ago
	lagging  faultKind     // stale once all reads are
	calls    int
	killed   bool
}

func newWorld(installations int) *world {
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock, Delays: awssim.Delays{
		ProfileCreate: between / 2, ProfileDelete: between / 2, RolePropagation: between / 2,
	}})
	must(sim.Seed(theSeed()))
	sim.KeepPast(lag)
	sim.AddKey(operatorKey, operatorCaller)
	url, stop := sim.Start()
	w := &world{sim: sim, clock: clock, stop: stop, aws: awsapi.NewClients(awstest.Config(url)), abandoned: map[string]bool{}, tagged: map[string]string{}}
	sim.Inject(w.inject)
	sim.AfterWrite(w.afterWrite)
	for n := range installations {
		w.installs = append(w.installs, &install{
			w: w, id: fmt.Sprintf("op-%d", n+1), kube: newKubernetes(),
			account: v1alpha1.AWSAccount{
				ObjectMeta: metav1.ObjectMeta{Name: accountName},
				Spec:       v1alpha1.AWSAccountSpec{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url},
			},
		})
	}
	w.last = sim.Objects()
	return w
}

// operator returns one of the two, started if need be: its memory is empty then.
func (i *install) operator(n int) *pass.Reconciler {
	if i.operators[n] == nil {
		c := i.client()
		i.operators[n] = (&pass.Operator{
			Client: c, Workload: workload{c}, Metrics: metrics, Timing: schedule.DefaultTiming, OperatorID: i.id, Concurrency: 1,
			// One attempt: the SDK pauses for seconds before the next one.
			Accounts: &accounts.Accounts{Client: c, Sessions: &awsapi.Sessions{Version: "histories", MaxAttempts: 1, Unlimited: true}, OperatorNamespace: namespace},
			Now:      i.w.clock.Now, ReadShared: i.shared,
		}).Reconciler(kinds.FargateSecurityProfile, &events.FakeRecorder{})
		i.listenTo(n, i.operators[n])
		if i.w.annexed {
			i.annexes[n] = i.operators[n].Operator.Reconciler(annexKind, &events.FakeRecorder{})
		}
	}
	return i.operators[n]
}

func (i *install) owner(name string) string { return i.id + "/" + namespace + "/" + name }

// pass has one operator work on one profile once.
func (i *install) pass(n int, name string, faults map[int]fault, late bool) {
	before := i.kube.get(name)
	if former := i.kube.formerly(name); late && former != nil {
		before = former
	}
	i.run(i.operator(n), &turn{install: i, operator: n, name: name, owner: i.owner(name), wanted: wantedBy(before), faults: faults, late: late})
}

// run has a reconciler make a pass.
func (i *install) run(r *pass.Reconciler, t *turn) {
	w, n := i.w, t.operator
	w.mu.Lock()
	w.turns = append(w.turns, t)
	w.mu.Unlock()
	_, err := r.Reconcile(context.Background(), ctrl.Request{NamespacedName: key(t.name)})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turns = w.turns[:len(w.turns)-1]
	outcome := "ended"
	if t.killed {
		i.operators[n], outcome = nil, "killed"
	}
	if err != nil {
		outcome += ": " + err.Error()
	}
	w.note("pass of %s[%d] over %s after %d calls: %s", i.id, n, t.owner, t.calls, outcome)
}

// note keeps what happened. w.mu is held.
func (w *world) note(format string, args ...any) {
	w.events = append(w.events, fmt.Sprintf(format, args...))
}

func (w *world) noted(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(format, args...)
}

// now is the pass that works, nil if none does.
func (w *world) now() *turn {
	if len(w.turns) == 0 {
		return nil
	}
	return w.turns[len(w.turns)-1]
}

// late tells whether the pass sees what the cache held before.
func (w *world) late() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.now()
	return t != nil && t.late
}

// hit counts a call of the pass that works, and returns what is to go wrong with it.
func (w *world) hit(what string) fault {
	w.mu.Lock()
	t := w.now()
	if t == nil {
		w.mu.Unlock()
		return fault{}
	}
	if t.killed {
		// Nothing of a killed operator arrives any more. It is not cancelled: a request that is on its way then would have
		// its effect in the middle of somebody else's pass, and not always at the same moment.
		w.mu.Unlock()
		return fault{kind: drop}
	}
	t.calls++
	f := t.faults[t.calls]
	if f.kind == "" {
		f.kind = t.lagging
	}
	if f.kind == allStale {
		t.lagging = stale
	}
	t.misled = t.misled || f.kind == allStale || f.kind == stale
	if f.kind != "" {
		w.note("call %d, %s: %s", t.calls, what, f)
	}
	if f.kind == killBefore || f.kind == killAfter {
		t.killed = true
	}
	w.mu.Unlock()
	if f.kind == heldUp {
		t.heldUp = true
		f.meanwhile(w, t)
	}
	return f
}

// inject decides what goes wrong with a call to AWS.
func (w *world) inject(c awssim.Call) awssim.Fault {
	if c.Caller != operatorCaller {
		return awssim.Fault{}
	}
	f := w.hit(c.Action()).ofAWS()
	if c.Write {
		objects := w.sim.Objects() // AWS has changed since the last write: what is created or deleted takes its time
		w.mu.Lock()
		w.last = objects
		w.mu.Unlock()
	}
	return f
}

// kubeWrite runs a write to Kubernetes, or has it go wrong.
func (w *world) kubeWrite(what string, do func() error) error {
	f := w.hit("kube " + what)
	switch f.kind {
	case "", heldUp, stale, allStale, expireToken: // these are AWS's alone
	case killAfter, loseAnswer:
		_ = do()
		w.count()
		return errors.New("the connection was closed without an answer")
	case refuse:
		return apierrors.NewConflict(schema.GroupResource{}, what, errors.New("somebody was faster"))
	default:
		return errors.New("the API server did not answer")
	}
	err := do()
	if err == nil {
		w.count()
	}
	return err
}

func (w *world) count() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrote++
}

// afterWrite looks at AWS after every single write, and notes what must never be.
func (w *world) afterWrite(c awssim.Call) {
	objects := w.sim.Objects()
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.last
	w.last = objects
	w.see(objects)
	for _, o := range before {
		if owner := o.Tags[resource.OwnerTag]; owner != "" {
			w.tagged[o.ARN] = owner
		}
	}
	if c.Caller != operatorCaller {
		return
	}
	if c.Code == "" { // a deletion that AWS refuses is tried again and again: only AWS knows when nothing is in the way any more
		w.wrote++
	}
	t := w.now()
	if t == nil {
		w.wrong = append(w.wrong, "a write outside of any pass: "+c.Action())
		return
	}
	if c.Code == "" {
		w.madeBy(t, c)
	}
	for _, wrong := range t.check(before, objects) {
		w.wrong = append(w.wrong, fmt.Sprintf("%s for %s: %s", c.Action(), t.owner, wrong))
	}
}

// round has every operator that leads work on each of its profiles once, without faults.
func (w *world) round() {
	for _, i := range w.installs {
		i.hear(0)
		for _, name := range i.kube.names() {
			i.pass(0, name, nil, false)
		}
		for _, name := range i.kube.annexNames() {
			i.annexPass(0, name, nil)
		}
	}
}

// settle goes on until nobody has anything left to write, not even long after, when nothing is believed any more that was
// read before; and says so if that does not happen.
func (w *world) settle() error {
	quiet, later := 0, false
	for range 80 {
		before := w.wrote
		w.round()
		w.clock.Advance(between)
		if w.wrote != before {
			quiet = 0
			continue
		}
		// What waits for a place in the line of a cluster may need more than one quiet round.
		if quiet++; quiet < 2 {
			continue
		}
		if later {
			return nil
		}
		w.clock.Advance(w.muchLater())
		quiet, later = 0, true
	}
	return errors.New("after 80 rounds without faults the operators still write")
}

// muchLater is when nothing is believed any more that was read before.
func (w *world) muchLater() time.Duration {
	for _, i := range w.installs {
		if i.account.Spec.DriftEvents != nil {
			return longestBelieved
		}
	}
	return muchLater
}

// report is everything that helps with a failure.
func (w *world) report() string {
	var b strings.Builder
	for _, e := range w.events {
		fmt.Fprintln(&b, "  "+e)
	}
	for _, i := range w.installs {
		for _, name := range i.kube.names() {
			b.WriteString(describe(i.owner(name), i.kube.get(name)))
		}
		for _, name := range i.kube.annexNames() {
			b.WriteString(describe(i.annexOwner(name), i.kube.annex(name)))
		}
	}
	b.WriteString("AWS:\n")
	for _, o := range w.sim.Objects() {
		fmt.Fprintf(&b, "  %s %s %s tags %v\n", o.Kind, o.Name, o.Status, o.Tags)
		for _, fact := range o.Facts {
			fmt.Fprintf(&b, "    %s\n", fact)
		}
	}
	calls := w.sim.Calls()
	var writes []string
	for _, c := range calls {
		if c.Write || c.Code != "" {
			writes = append(writes, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.Action(), c.Resource, c.Code, c.Fault)))
		}
	}
	fmt.Fprintf(&b, "last writes and errors:\n  %s\n", strings.Join(writes[max(0, len(writes)-40):], "\n  "))
	return b.String()
}

func describe(owner string, p v1alpha1.Declaration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s generation %d, mode %s:\n", owner, p.GetGeneration(), p.Declared().Mode)
	for _, c := range p.Found().Conditions {
		fmt.Fprintf(&b, "  %s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}
	for _, d := range p.Found().Drift {
		fmt.Fprintf(&b, "  drift %s %s: desired %q, observed %q, %s\n", d.Resource, d.Path, d.Desired, d.Observed, d.Action)
	}
	for _, o := range p.Found().Resources {
		fmt.Fprintf(&b, "  %s/%s %s %s %s\n", o.Kind, o.Name, o.State, o.Origin, o.ARN)
	}
	return b.String()
}

// owners are those of the objects that exist.
func (w *world) owners() map[string]v1alpha1.Declaration {
	all := map[string]v1alpha1.Declaration{}
	for _, i := range w.installs {
		for _, name := range i.kube.names() {
			all[i.owner(name)] = i.kube.get(name)
		}
		for _, name := range i.kube.annexNames() {
			all[i.annexOwner(name)] = i.kube.annex(name)
		}
	}
	return all
}

func (w *world) known(owner string) bool {
	return slices.ContainsFunc(w.installs, func(i *install) bool { return strings.HasPrefix(owner, i.id+"/") })
}
