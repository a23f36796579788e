// SPDX-License-Identifier: Apache-2.0

// Package histories_test runs the operator through random histories: people declare, edit, delete and tamper, calls
// fail, operators are killed, stand still and are started anew, several profiles and installations meet in the same
// clusters. After every single write the invariants must hold; when the faults are over, everything must converge, fall
// silent, and be what was declared.
package histories_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	operatormetrics "github.com/fargate-security/fargate-security-operator/controllers/metrics"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
	"github.com/fargate-security/fargate-security-operator/test/tally"
)

const (
	// namespace is the operator's own, where profiles need no permission.
	namespace      = "fargate-security-system"
	podNamespace   = "pods"
	accountName    = "production"
	operatorKey    = "AKIAOPERATOROPERATOR"
	operatorCaller = "arn:aws:iam::" + awssim.DefaultAccount + ":user/fargate-security-operator"
)

var (
	scheme  = runtime.NewScheme()
	metrics = operatormetrics.New(prometheus.NewRegistry())
	rules   *admission
)

// histories is how many are run of each kind, and seed where they begin (0: anywhere); the environment says otherwise.
const (
	defaultHistories = 1000
	defaultSeed      = 1
)

func TestMain(m *testing.M) { os.Exit(runSuite(m)) }

func runSuite(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	debug.SetGCPercent(400)
	must(v1alpha1.AddToScheme(scheme))
	addAnnexes()
	scheme.AddKnownTypeWithName(policyKind, &unstructured.Unstructured{})
	scheme.AddKnownTypeWithName(policyKind.GroupVersion().WithKind(policyKind.Kind+"List"), &unstructured.UnstructuredList{})
	must(os.Setenv("AWS_ACCESS_KEY_ID", operatorKey))
	must(os.Setenv("AWS_SECRET_ACCESS_KEY", "secret"))
	rules = newAdmission()
	flag.Parse()
	setUnlessGiven("rapid.checks", number("HISTORIES", defaultHistories))
	setUnlessGiven("rapid.seed", number("HISTORIES_SEED", defaultSeed))
	code := m.Run()
	told(outcomes.String())
	if missing := outcomes.unseen(); code == 0 && len(missing) > 0 {
		fmt.Printf("no history had a %s: draw its fields in specs_test.go\n", strings.Join(missing, ", "))
		return 1
	}
	return code
}

// setUnlessGiven sets a flag of rapid's that was not given on the command line.
func setUnlessGiven(name, value string) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if !given {
		must(flag.Set(name, value))
	}
}

// number is an environment variable's, checked.
func number(variable string, otherwise int) string {
	text := os.Getenv(variable)
	if text == "" {
		return strconv.Itoa(otherwise)
	}
	if _, err := strconv.ParseUint(text, 10, 64); err != nil {
		panic(fmt.Sprintf("%s must be a number, not %q", variable, text))
	}
	return text
}

// enough is how many histories draw everything that they can.
const enough = 100

// unseen lists the kinds of AWS objects that no history had, of histories enough to tell.
func (c *counter) unseen() []string {
	if c.of("histories with 1 installation(s)") < enough {
		return nil
	}
	return slices.DeleteFunc(resources.Order(), func(kind string) bool { return c.of("ends with a "+kind) > 0 })
}

// told tells what was run: on standard output, and in the tally.
func told(line string) {
	fmt.Println(line)
	tally.Add(line)
}

// outcomes counts what the histories consisted of and how they ended.
var outcomes = counter{counts: map[string]int{}}

type counter struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counter) count(what string) { c.add(what, 1) }

func (c *counter) add(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[what] += n
}

func (c *counter) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[what]
}

// String is one line.
func (c *counter) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, c.counts[what]))
	}
	return "random histories: " + strings.Join(parts, ", ")
}

func TestOneInstallation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { history(t, 1, (*world).step) })
}

func TestTwoInstallations(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { history(t, 2, (*world).step) })
}

// TestTwoKinds has objects of a second kind live beside the profiles, in the same namespaces and with the same names.
func TestTwoKinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history(t, 1, func(w *world, t *rapid.T) {
			if w.annexed = true; pick(t, "of the second kind", 5) < 3 {
				w.annexStep(t)
			} else {
				w.step(t)
			}
		})
	})
}

// history is one random history, made of steps.
func history(t *rapid.T, installations int, step func(*world, *rapid.T)) {
	w := newWorld(installations)
	defer w.stop()
	for _, i := range w.installs {
		i.shared = coin(t, "shared reads")
	}
	if coin(t, "events") {
		w.sendEvents(t)
	}
	for range 5 + pick(t, "steps", 25) {
		step(w, t)
		w.invariants(t)
	}
	if err := w.settle(); err != nil {
		t.Fatalf("%v\n%s", err, w.report())
	}
	w.invariants(t)
	if wrong := w.end(); len(wrong) > 0 {
		t.Fatalf("in the end:\n%s\n%s", strings.Join(wrong, "\n"), w.report())
	}
	outcomes.count(fmt.Sprintf("histories with %d installation(s)", installations))
	outcomes.add("operators' calls to AWS", len(w.sim.Calls()))
}

// invariants fails when some write was one that must never be.
func (w *world) invariants(t *rapid.T) {
	w.mu.Lock()
	wrong := strings.Join(w.wrong, "\n")
	w.mu.Unlock()
	if wrong != "" {
		t.Fatalf("%s\n%s", wrong, w.report())
	}
}

// step does one thing that can be done.
func (w *world) step(t *rapid.T) {
	i := w.installs[pick(t, "installation", len(w.installs))]
	names := i.kube.names()
	if len(names) == 0 {
		i.create(t, profileNames)
		return
	}
	name := from(t, "profile", names)
	switch pick(t, "step", 20) {
	case 0, 1:
		i.create(t, slices.DeleteFunc(slices.Clone(profileNames), func(n string) bool { return slices.Contains(names, n) }))
	case 2, 3:
		i.edit(t, name)
	case 4:
		i.delete(name)
	case 5, 6, 7:
		w.tamper(t)
	case 8:
		w.brownfield(t)
	case 9:
		i.restart(pick(t, "operator", 2))
	case 10, 11:
		w.round()
		w.clock.Advance(between)
	default:
		if coin(t, "listen") {
			i.hear(pick(t, "operator", 2))
		}
		i.disturbedPass(t, name)
	}
}

func (i *install) create(t *rapid.T, names []string) {
	if len(names) == 0 {
		return
	}
	name := from(t, "name", names)
	spec := drawSpec(t, i.own(name))
	if err := i.kube.create(name, spec); err != nil {
		i.refused(t, err)
		return
	}
	i.w.noted("%s created", i.owner(name))
	outcomes.count("profiles")
}

func (i *install) edit(t *rapid.T, name string) {
	spec, p := drawSpec(t, i.own(name)), i.kube.get(name)
	if !p.DeletionTimestamp.IsZero() {
		return
	}
	spec.ClusterName = p.Spec.ClusterName // can never be changed
	if err := i.kube.edit(name, spec); err != nil {
		i.refused(t, err)
		return
	}
	i.w.noted("%s edited", i.owner(name))
	outcomes.count("edits")
}

// own begins the names of objects that only one profile declares.
func (i *install) own(name string) string { return i.id + "-" + name }

// refused is a spec that the schema does not let in: none should be drawn.
func (i *install) refused(t *rapid.T, err error) {
	outcomes.count("specs refused by the schema")
	t.Fatalf("the schema refuses what was drawn: %v", err)
}

func (i *install) delete(name string) {
	p := i.kube.get(name)
	if !p.DeletionTimestamp.IsZero() {
		return
	}
	if p.Spec.Mode != v1alpha1.ModeEnforce {
		i.w.abandoned[i.owner(name)] = true // nothing is written in these modes, so what is there stays
	}
	i.kube.delete(name)
	i.w.noted("%s deleted", i.owner(name))
	outcomes.count("deletions")
}

// restart takes an operator's memory.
func (i *install) restart(n int) {
	i.operators[n] = nil
	i.w.noted("%s[%d] restarted", i.id, n)
	outcomes.count("restarts")
}

// disturbedPass has an operator, the leader or one that believes to be, work on a profile while things go wrong.
func (i *install) disturbedPass(t *rapid.T, name string) {
	i.pass(pick(t, "operator", 2), name, drawFaults(t, len(i.w.installs)), pick(t, "late cache", 5) == 0)
	i.w.clock.Advance(between / 4)
	outcomes.count("passes under faults")
}

// theSeed is the default account with a second cluster in the same VPC.
func theSeed() awssim.Seed {
	seed := awssim.DefaultSeed()
	second := seed.Clusters[0]
	second.Name = clusterNames[1]
	seed.Clusters = append(seed.Clusters, second)
	return seed
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
