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
	"github.com/fargate-security/fargate-security-operator/controllers"
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

// world is one run of a scenario: a simulated AWS, an AWSAccount that leads to it, a profile, and an operator.
type world struct {
	t       *testing.T
	sim     *awssim.Sim
	clock   *awssim.ManualClock
	aws     awsapi.Clients
	name    string // of the profile and of the AWSAccount
	account v1alpha1.AWSAccount

	scenario scenario
	operator *controllers.ProfileReconciler // nil: killed, not started yet

	mu      sync.Mutex
	crashAt int // number of the call, 0: none
	lose    bool
	calls   int
	seen    []string
	hit     string // the call that was hit
	crash   context.CancelFunc
	crashed int
	armed   bool
	moments []moment
}

func newWorld(t *testing.T) *world {
	clock := awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))
	sim := awssim.New(awssim.Options{Clock: clock})
	must(sim.Seed(awssim.DefaultSeed()))
	sim.AddKey(operatorKey, operatorCaller)
	url, stop := sim.Start()
	t.Cleanup(stop)
	w := &world{t: t, sim: sim, clock: clock, aws: awstest.Clients(t, url), name: fmt.Sprintf("chaos-%05d", serial.Add(1))}
	sim.Inject(w.inject)
	sim.AfterWrite(w.afterWrite)
	w.account = v1alpha1.AWSAccount{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
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

func (w *world) owner() string { return operatorID + "/" + namespace + "/" + w.name }

// inject kills the operator at a call to AWS.
func (w *world) inject(c awssim.Call) awssim.Fault {
	switch {
	case c.Caller != operatorCaller || !w.hits(c.Action()):
		return awssim.Fault{}
	case w.lose:
		return awssim.Fault{Kind: awssim.LoseAnswer}
	}
	return awssim.Fault{Kind: awssim.Drop}
}

// hits counts a call, and kills the operator at the one with the number crashAt.
func (w *world) hits(what string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.armed {
		return false
	}
	w.calls++
	w.seen = append(w.seen, what)
	if w.calls != w.crashAt {
		return false
	}
	w.crashed++
	w.hit = what
	w.crash()
	return true
}

// kubeWrites kills operators at what they write to Kubernetes. The run is known by the context of its passes.
type kubeWrites struct{ http.RoundTripper }

type runKey struct{}

// RoundTrip implements http.RoundTripper.
func (k kubeWrites) RoundTrip(r *http.Request) (*http.Response, error) {
	w, _ := r.Context().Value(runKey{}).(*world)
	if w == nil || r.Method == http.MethodGet || !w.hits(strings.TrimSuffix("kube:"+r.Method+" "+subresource(r.URL.Path), " ")) {
		return k.RoundTripper.RoundTrip(r)
	}
	if w.lose {
		// Not with the context of the killed operator: the request had left it.
		resp, err := k.RoundTripper.RoundTrip(r.WithContext(context.Background()))
		if err != nil {
			return nil, err
		}
		_ = resp.Body.Close()
	}
	return nil, errors.New("killed")
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

// arm begins to count, to watch, and to kill.
func (w *world) arm(crashAt int, lose bool) {
	w.sim.SetDelays(awssim.Delays{ProfileCreate: between / 2, ProfileDelete: between / 2, RolePropagation: between / 2})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.crashAt, w.lose, w.calls = true, crashAt, lose, 0
	w.moments = []moment{{objects: w.sim.Objects()}}
}

// pass runs one pass, of a new operator if the last one was killed. It returns whether it was killed.
func (w *world) pass() (killed bool, err error) {
	if w.operator == nil {
		w.operator = newReconciler(&w.account)
	}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), runKey{}, w))
	defer cancel()
	w.mu.Lock()
	w.crash = cancel
	before := w.crashed
	w.mu.Unlock()
	_, err = w.operator.Reconcile(ctx, ctrl.Request{NamespacedName: types(w.name)})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.crashed > before {
		w.operator = nil
		return true, nil
	}
	return false, err
}

// settle runs passes until the profile is ready, or gone.
func (w *world) settle() error {
	var last error
	for range maxPasses {
		killed, err := w.pass()
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

func cmpErr(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

func (w *world) settled() bool {
	p, err := w.get()
	if apierrors.IsNotFound(err) {
		return true
	}
	must(err)
	return p.DeletionTimestamp.IsZero() && p.Status.ObservedGeneration == p.Generation &&
		meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition)
}

// silent checks that one more pass writes nothing, to AWS or to Kubernetes.
func (w *world) silent() []string {
	w.mu.Lock()
	w.crashAt = 0
	first := len(w.moments)
	w.mu.Unlock()
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

func (w *world) versions() string {
	version := "gone"
	if p, err := w.get(); err == nil {
		version = p.ResourceVersion
	}
	if policy := w.policy(); policy != nil {
		version += " " + policy.GetResourceVersion()
	}
	return version
}

// clear takes away what would make the lists of other runs longer.
func (w *world) clear() {
	if policy := w.policy(); policy != nil {
		_ = kube.Delete(context.Background(), policy)
	}
}

func types(name string) client.ObjectKey { return client.ObjectKey{Namespace: namespace, Name: name} }

func (w *world) get() (*profile, error) {
	p := &profile{}
	return p, kube.Get(context.Background(), types(w.name), p)
}

// policy is the SecurityGroupPolicy, nil if there is none.
func (w *world) policy() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: "vpcresources.k8s.aws", Version: "v1beta1", Kind: "SecurityGroupPolicy"})
	err := kube.Get(context.Background(), client.ObjectKey{Namespace: pods, Name: namespace + "." + w.name}, o)
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
	p, err := w.get()
	must(err)
	change(p)
	if err := kube.Update(context.Background(), p); err != nil {
		w.t.Fatalf("editing: %v", err)
	}
}

func (w *world) status() string {
	p, err := w.get()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, c := range p.Status.Conditions {
		fmt.Fprintf(&b, "%s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}
	for _, d := range p.Status.Drift {
		fmt.Fprintf(&b, "drift %s %s: desired %q, observed %q, %s\n", d.Resource, d.Path, d.Desired, d.Observed, d.Action)
	}
	for _, o := range p.Status.Resources {
		fmt.Fprintf(&b, "%s/%s %s %s\n", o.Kind, o.Name, o.State, o.Origin)
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
	if policy := w.policy(); policy != nil {
		lines = append(lines, fmt.Sprintf("SecurityGroupPolicy %v", policy.Object["spec"]))
	}
	text := w.plain(objects).Replace(strings.Join(lines, "\n") + "\n" + w.status())
	lines = strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// plain puts names where there are ids that differ from run to run.
func (w *world) plain(objects []awssim.Object) *strings.Replacer {
	pairs := []string{w.name, "PROFILE"}
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
