// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

const (
	// maxPasses is far more than any scenario needs.
	maxPasses = 40
	// between is how long, on the simulator's clock, the operator waits between two passes.
	between = 20 * time.Second
)

var serial atomic.Int64

type profile = v1alpha1.FargateSecurityProfile

// moment is the simulated AWS after a write of the operator.
type moment struct {
	call    awssim.Call
	objects []awssim.Object
}

// world is one run of a scenario: a simulated AWS, an AWSAccount that leads to it, profiles, and an operator.
type world struct {
	t       *testing.T
	sim     *awssim.Sim
	clock   *awssim.ManualClock
	aws     awsapi.Clients
	names   []string // of the profiles; the first is the AWSAccount's too
	account v1alpha1.AWSAccount

	scenario scenario
	operator *pass.Reconciler // nil: killed, not started yet
	passes   int

	mu       sync.Mutex
	point    point
	eventAt  int // number of the call before which the scenario's event happens, 0: none
	happened bool
	seen     []called
	hit      string // the call at which it went wrong
	die      context.CancelFunc
	killed   bool
	lagsFrom time.Time // what reads show
	lagsTill time.Time
	armed    bool
	moments  []moment
}

func newWorld(t *testing.T, s scenario) *world {
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock, PageSize: s.pageSize})
	must(sim.Seed(awssim.DefaultSeed()))
	sim.AddKey(operatorKey, operatorCaller)
	url, stop := sim.Start()
	t.Cleanup(stop)
	w := &world{t: t, sim: sim, clock: clock, aws: awstest.Clients(t, url), scenario: s}
	for range max(s.profiles, 1) {
		w.names = append(w.names, fmt.Sprintf("chaos-%05d", serial.Add(1)))
	}
	sim.Inject(w.inject)
	sim.AfterWrite(w.afterWrite)
	w.account = v1alpha1.AWSAccount{
		ObjectMeta: metav1.ObjectMeta{Name: w.names[0]},
		Spec:       v1alpha1.AWSAccountSpec{AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion, EndpointURL: url},
	}
	return w
}

// accountOnly reads the run's AWSAccount, which never changes, without asking the API server: that saves the fifth part
// of all that the API server would be asked.
type accountOnly struct {
	client.Reader
	account *v1alpha1.AWSAccount
}

// Get implements client.Reader.
func (a accountOnly) Get(_ context.Context, _ client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	into, ok := obj.(*v1alpha1.AWSAccount)
	if !ok {
		return fmt.Errorf("the operator reads a %T on its way to the account", obj)
	}
	a.account.DeepCopyInto(into)
	return nil
}

// owners are the values of our owner tag.
func (w *world) owners() (list []string) {
	for _, name := range w.names {
		list = append(list, operatorID+"/"+namespace+"/"+name)
	}
	return list
}

// inject has calls to AWS go wrong.
func (w *world) inject(c awssim.Call) awssim.Fault {
	if c.Caller != operatorCaller {
		return awssim.Fault{}
	}
	if w.strikes(awsCall(c)) {
		if fault := w.point.kind.fault; fault.Kind != "" {
			return fault
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.clock.Now(); now.Before(w.lagsTill) {
		return awssim.Fault{Kind: awssim.Stale, Age: now.Sub(w.lagsFrom)}
	}
	return awssim.Fault{}
}

// strikes notes a call, and tells whether it is the one at which something goes wrong.
func (w *world) strikes(c called) bool {
	w.mu.Lock()
	if !w.armed {
		w.mu.Unlock()
		return false
	}
	w.seen = append(w.seen, c)
	number := len(w.seen)
	struck := number == w.point.call
	event := number == w.eventAt
	if struck {
		w.strike(c)
	}
	w.mu.Unlock()
	if event {
		w.scenario.event(w)
		w.happened = true // the operator waits for this call, so nobody else looks
	}
	return struck
}

// strike does to the operator what its point says. The caller has locked w.mu.
func (w *world) strike(c called) {
	w.hit = c.what
	if w.point.kind.lags {
		w.lagsFrom, w.lagsTill = w.clock.Now().Add(-past), w.clock.Now().Add(lagging)
	}
	if w.point.kind.kill {
		w.killed = true
		w.die()
	}
}

// kubeWrites has what operators write to Kubernetes go wrong. The run is known by the context of its passes.
type kubeWrites struct{ http.RoundTripper }

type runKey struct{}

// RoundTrip implements http.RoundTripper.
func (k kubeWrites) RoundTrip(r *http.Request) (*http.Response, error) {
	w, _ := r.Context().Value(runKey{}).(*world)
	if w == nil || r.Method == http.MethodGet {
		return k.RoundTripper.RoundTrip(r)
	}
	what := called{what: strings.TrimSuffix("kube:"+r.Method+" "+subresource(r.URL.Path), " "), kube: true, write: true}
	if !w.strikes(what) {
		return k.RoundTripper.RoundTrip(r)
	}
	switch w.point.kind.fault.Kind {
	case "":
		return k.RoundTripper.RoundTrip(r)
	case awssim.LoseAnswer:
		// Not with the context of a killed operator: the request had left it.
		resp, err := k.RoundTripper.RoundTrip(r.WithContext(context.Background()))
		if err != nil {
			return nil, err
		}
		_ = resp.Body.Close()
	}
	return nil, errors.New("the connection was closed")
}

// subresource says what is written.
func subresource(path string) string {
	switch {
	case strings.HasSuffix(path, "/status"):
		return "status"
	case strings.Contains(path, "securitygrouppolicies"):
		return "SecurityGroupPolicy"
	}
	return "profile"
}

func (w *world) afterWrite(c awssim.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.armed && c.Caller == operatorCaller {
		w.moments = append(w.moments, moment{c, w.sim.Objects()})
	}
}

// arm begins to note, to watch, and to have things go wrong.
func (w *world) arm(p point) {
	w.sim.SetDelays(awssim.Delays{ProfileCreate: between / 2, ProfileDelete: between / 2, RolePropagation: between / 2})
	if p.kind.lags || p.kind.fault.Kind == awssim.Stale {
		w.sim.KeepPast(lagging + between)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.point, w.eventAt = true, p, w.scenario.eventAt
	if p.kind.happens {
		w.eventAt = p.call
	}
	w.moments = []moment{{objects: w.sim.Objects()}}
}

// pass runs one pass over each profile, of a new operator if the last one was killed. It returns whether it was killed.
func (w *world) pass() (killed bool, err error) {
	names := slices.Clone(w.names)
	if w.hit != "" { // a new operator meets the profiles in another order
		slices.Reverse(names)
	}
	for _, name := range names {
		killed, oneErr := w.reconcile(name)
		if killed {
			return true, nil
		}
		err = errors.Join(err, oneErr)
	}
	return false, err
}

func (w *world) reconcile(name string) (killed bool, err error) {
	if w.operator == nil {
		w.operator = newReconciler(&w.account, w.clock.Now)
	}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), runKey{}, w))
	defer cancel()
	w.mu.Lock()
	w.die, w.killed = cancel, false
	w.mu.Unlock()
	_, err = w.operator.Reconcile(ctx, ctrl.Request{NamespacedName: types(name)})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.killed {
		w.operator = nil
		return true, nil
	}
	return false, err
}

// settle runs passes until the profiles are ready, or gone.
func (w *world) settle() error {
	var last error
	for range maxPasses {
		killed, err := w.pass()
		w.betweenPasses()
		if killed {
			continue // the new one starts at once, and sees what the killed one left under way
		}
		if err == nil && w.settled() {
			return nil
		}
		last = err
		w.clock.Advance(between)
	}
	return fmt.Errorf("not settled after %d passes; last error: %w\n%s", maxPasses, cmpErr(last), w.status())
}

// betweenPasses has happen what the scenario has happen between two passes.
func (w *world) betweenPasses() {
	if w.armed && w.passes < len(w.scenario.between) {
		w.scenario.between[w.passes](w)
		w.passes++
	}
}

func cmpErr(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

// settled tells that nothing is to come any more, and that what AWS shows is true again.
func (w *world) settled() bool {
	if w.armed && w.passes < len(w.scenario.between) || w.clock.Now().Before(w.lagsTill) {
		return false
	}
	return !slices.ContainsFunc(w.names, func(name string) bool { return !ready(name) })
}

// ready tells that a profile is, or that it is gone.
func ready(name string) bool {
	p, err := get(name)
	if apierrors.IsNotFound(err) {
		return true
	}
	must(err)
	return p.DeletionTimestamp.IsZero() && p.Status.ObservedGeneration == p.Generation &&
		meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition)
}

// silent checks that one more pass writes nothing, to AWS or to Kubernetes.
func (w *world) silent() []string {
	first := len(w.moments)
	before := w.versions()
	_, err := w.pass()
	var wrong []string
	if err != nil {
		wrong = append(wrong, fmt.Sprintf("a pass over the settled profile: %v", err))
	}
	for _, m := range w.moments[first:] {
		wrong = append(wrong, "a pass over the settled profile wrote "+m.call.Action())
	}
	if after := w.versions(); after != before {
		wrong = append(wrong, fmt.Sprintf("a pass over the settled profile wrote to Kubernetes: %s, then %s", before, after))
	}
	return wrong
}

func (w *world) versions() (all string) {
	for _, name := range w.names {
		version := "gone"
		if p, err := get(name); err == nil {
			version = p.ResourceVersion
		}
		if policy := w.policy(name); policy != nil {
			version += " " + policy.GetResourceVersion()
		}
		all += version + ";"
	}
	return all
}

// clear takes away what would make the lists of other runs longer.
func (w *world) clear() {
	for _, name := range w.names {
		if policy := w.policy(name); policy != nil {
			_ = kube.Delete(context.Background(), policy)
		}
	}
}

func types(name string) client.ObjectKey { return client.ObjectKey{Namespace: namespace, Name: name} }

func get(name string) (*profile, error) {
	p := &profile{}
	return p, kube.Get(context.Background(), types(name), p)
}

// policy is a profile's SecurityGroupPolicy, nil if there is none.
func (w *world) policy(name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: "vpcresources.k8s.aws", Version: "v1beta1", Kind: "SecurityGroupPolicy"})
	err := kube.Get(context.Background(), client.ObjectKey{Namespace: pods, Name: namespace + "." + name}, o)
	if apierrors.IsNotFound(err) {
		return nil
	}
	must(err)
	return o
}

func (w *world) create(obj client.Object) {
	if err := kube.Create(context.Background(), obj); err != nil {
		w.t.Fatalf("creating %T %s: %v", obj, obj.GetName(), err)
	}
}

func (w *world) edit(change func(*profile)) {
	p, err := get(w.names[0])
	must(err)
	change(p)
	if err := kube.Update(context.Background(), p); err != nil {
		w.t.Fatalf("editing: %v", err)
	}
}

func (w *world) status() string {
	var b strings.Builder
	for _, name := range w.names {
		p, err := get(name)
		if err != nil {
			fmt.Fprintln(&b, err)
			continue
		}
		for _, c := range p.Status.Conditions {
			fmt.Fprintf(&b, "%s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
		}
		for _, d := range p.Status.Drift {
			fmt.Fprintf(&b, "drift %s %s: desired %q, observed %q, %s\n", d.Resource, d.Path, d.Desired, d.Observed, d.Action)
		}
		for _, o := range p.Status.Resources {
			fmt.Fprintf(&b, "%s/%s %s %s\n", o.Kind, o.Name, o.State, o.Origin)
		}
	}
	return b.String()
}

// end is how the run ended, in Kubernetes and in AWS, without ids, times and the names of this very run.
func (w *world) end() string {
	objects := w.sim.Objects()
	var lines []string
	for _, o := range objects {
		lines = append(lines, fmt.Sprintf("%s %s %s tags %v", o.Kind, o.Name, o.Status, o.Tags))
		for _, fact := range o.Facts {
			lines = append(lines, o.Kind+" "+o.Name+": "+fact)
		}
	}
	for _, name := range w.names {
		if policy := w.policy(name); policy != nil {
			lines = append(lines, fmt.Sprintf("SecurityGroupPolicy %v", policy.Object["spec"]))
		}
	}
	text := w.plain(objects).Replace(strings.Join(lines, "\n") + "\n" + w.status())
	lines = strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// plain puts names where there are ids that differ from run to run.
func (w *world) plain(objects []awssim.Object) *strings.Replacer {
	var pairs []string
	for i, name := range w.names {
		pairs = append(pairs, name, fmt.Sprintf("PROFILE%d", i))
	}
	keyNames := map[string]string{}
	for _, o := range objects {
		id := o.ARN[strings.LastIndex(o.ARN, "/")+1:]
		switch o.Kind {
		case "group":
			if strings.HasPrefix(o.Name, "eks-cluster-sg-") {
				pairs = append(pairs, o.Name, "CLUSTER", id, "GROUP(CLUSTER)")
			}
			pairs = append(pairs, id, "GROUP("+o.Name+")")
		case "key":
			keyNames[o.Name] = "KEY(" + o.Tags["fargatesecurity.io/origin"] + o.Tags["name"] + ")"
		}
	}
	for _, id := range slices.Sorted(maps.Keys(keyNames)) {
		pairs = append(pairs, id, keyNames[id])
	}
	return strings.NewReplacer(pairs...)
}

// difference shows the lines that are in one text only.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var lines []string
	for _, line := range w {
		if !slices.Contains(g, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			lines = append(lines, "+ "+line)
		}
	}
	if len(lines) == 0 && want != got {
		lines = append(lines, fmt.Sprintf("%d lines, then %d: something is there twice, or once too few", len(w), len(g)))
	}
	return strings.Join(lines, "\n")
}
