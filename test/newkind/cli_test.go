// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	authzv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
)

// plugin is kubectl's plugin as people have it: the built binary, found by kubectl on its PATH, with a kubeconfig.
type plugin struct {
	*world
	dir        string
	kubeconfig string
}

// built is the directory with the plugin and its completion, as `make build` puts them into bin/.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kubectl-fargatesec")
	if err != nil {
		return "", err
	}
	text, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "kubectl-fargatesec"), "../../cmd/kubectl-fargatesec").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the plugin: %w\n%s", err, text)
	}
	script, err := os.ReadFile("../../cmd/kubectl-fargatesec/kubectl_complete-fargatesec")
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "kubectl_complete-fargatesec"), script, 0o755)
})

func newPlugin(t *testing.T, w *world) *plugin {
	t.Helper()
	dir, err := built()
	must(err)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	must(clientcmd.WriteToFile(api.Config{
		CurrentContext: "test",
		Contexts:       map[string]*api.Context{"test": {Cluster: "test", AuthInfo: "admin", Namespace: w.ns}},
		Clusters:       map[string]*api.Cluster{"test": {Server: "https://" + strings.TrimPrefix(config.Host, "https://"), CertificateAuthorityData: config.CAData}},
		AuthInfos:      map[string]*api.AuthInfo{"admin": {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}},
	}, kubeconfig))
	return &plugin{w, dir, kubeconfig}
}

// command is `kubectl fargatesec` with arguments.
func (p *plugin) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.ctx, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), append([]string{"fargatesec"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+p.dir+":"+os.Getenv("PATH"), "KUBECONFIG="+p.kubeconfig, "HOME="+p.t.TempDir())
	return cmd
}

// run runs it to its end, wants an exit code and words, and returns what it wrote.
func (p *plugin) run(code int, args []string, words ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		p.t.Fatal(err)
	}
	if got != code {
		p.t.Errorf("kubectl fargatesec %q: exit code %d, not %d\n%s", args, got, code, out)
	}
	for _, word := range words {
		if !strings.Contains(string(out), word) {
			p.t.Errorf("kubectl fargatesec %q lacks %q:\n%s", args, word, out)
		}
	}
	return string(out)
}

// words are the arguments of a command line.
func words(line string) []string { return strings.Fields(line) }

// TestEveryKindIsInTheCategory: the plugin knows a kind by it, as does `kubectl get fargate`.
func TestEveryKindIsInTheCategory(t *testing.T) {
	t.Parallel()
	client, err := discovery.NewDiscoveryClientForConfig(config)
	must(err)
	lists, err := client.ServerPreferredResources()
	must(err)
	for _, kind := range allKinds() {
		found := false
		for _, list := range lists {
			for _, r := range list.APIResources {
				found = found || r.Kind == kind.Name && slices.Contains(r.Categories, "fargate")
			}
		}
		if !found {
			t.Errorf("%s is not in the category fargate: add the marker +kubebuilder:resource:categories=fargate to its type", kind.Name)
		}
	}
}

// TestPluginShows: what the operator wrote of two kinds, and exit codes.
func TestPluginShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPlugin(t, w)
	p.run(0, words("drift"), "No objects found in namespace "+w.ns)
	obj, profile := w.stored("stores"), w.fargate("payments")
	w.create(obj)
	w.create(profile)
	p.run(1, words("drift"), "Warehouse "+w.ns+"/stores", "whether there is drift is not known")
	w.ready(obj)
	w.ready(profile)
	p.run(0, words("drift"), "2 objects without drift")
	p.run(0, words("drift warehouse/stores"), "1 object without drift")

	edit(w, obj, mode(v1alpha1.ModeObserve))
	w.ready(obj)
	must(w.service.ResizeShelf(w.ctx, "top", 7))
	w.clock.Advance(longAfter)
	w.until(obj, "drifted", func() bool { return len(obj.Status.Drift) > 0 })
	if out := p.run(2, words("drift"), "Warehouse "+w.ns+"/stores  mode Observe  1 difference", "Shelf/top", "120", "7 ", "nothing: mode Observe", "1 object without drift"); strings.Contains(out, "\x1b") {
		t.Errorf("colours where there is no terminal: %q", out)
	}
	p.run(2, words("drift stores"), "Shelf/top")
	p.run(2, words("drift warehouses stores"), "Shelf/top")
	p.run(0, words("drift fsp"), "1 object without drift")
	p.run(2, words("drift -A -o wide"), "CONTROLS")
	var report struct {
		Kind  string
		Items []struct {
			Name       string
			DriftCount int
			Drift      []struct{ Resource, Path, Desired, Observed, Next string }
		}
	}
	must(json.Unmarshal([]byte(p.run(2, words("drift stores -o json"))), &report))
	if len(report.Items) != 1 || report.Items[0].DriftCount != 1 || report.Items[0].Drift[0].Observed != "7" || report.Items[0].Drift[0].Next == "" {
		t.Errorf("as JSON: %+v", report)
	}
	p.run(2, []string{"drift", "-o", "jsonpath={.items[*].drift[*].resource}"}, "Shelf/top")

	p.run(0, words("tree"), "AWSAccount "+w.ns, "├─ FargateSecurityProfile "+w.ns+"/payments", "KMSKey/alias/payments", "└─ Warehouse "+w.ns+"/stores",
		"Shelf/top", "Created  owner: this object")
	p.run(0, words("posture fsp"), "payments", "SCORE")
	p.run(0, words("posture warehouse"), "not judged")

	for args, want := range map[string]string{
		"drift storse":              `has no fargatesecurityprofiles or warehouses "storse"; did you mean stores?`,
		"drift warehuose/stores":    `"warehuose" is no kind that declares AWS objects in this cluster; did you mean warehouse`,
		"drift -A stores":           "give its namespace with -n",
		"drift --context=elsewhere": "elsewhere",
		"drift --as=nobody":         "you may not list warehouses.test.fargatesecurity.io in namespace " + w.ns,
		"drift -o jsn":              "did you mean json",
		"reconcile warehouse":       "name the warehouse, choose them by --selector, or say --all",
	} {
		p.run(1, words(args), want)
	}
	p.run(0, []string{"__complete", "drift", ""}, "warehouse/stores", "fargatesecurityprofile/payments", "fargatesecurityprofiles")
	p.run(0, []string{"__complete", "explain", ""}, "EC2.18")
	p.run(0, []string{"__complete", "drift", "--context", ""}, "test\n")
	p.run(0, []string{"__complete", "drift", "--namespace", w.ns}, w.ns+"\n")
	cmd := p.command()
	cmd.Args = append(cmd.Args[:1], "__complete", "fargatesec", "drift", "warehouse", "")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "stores\n") {
		t.Errorf("kubectl's own completion: %v\n%s", err, out)
	}
}

// TestPluginMayNotReadOneKind: what may be read is shown, and what may not is said.
func TestPluginMayNotReadOneKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPlugin(t, w)
	w.create(w.stored("stores"))
	w.create(&authzv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "some", Namespace: w.ns},
		Rules: []authzv1.PolicyRule{{APIGroups: []string{"test.fargatesecurity.io"}, Resources: []string{"warehouses"}, Verbs: []string{"list"}}}})
	w.create(&authzv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "some", Namespace: w.ns}, RoleRef: authzv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "some"},
		Subjects: []authzv1.Subject{{APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: "half-" + w.ns}}})
	w.eventually("the right to list", func() error {
		out, _ := p.command("tree", "warehouse", "--as=half-"+w.ns).CombinedOutput()
		if !strings.Contains(string(out), "Warehouse "+w.ns+"/stores") {
			return errors.New(string(out))
		}
		return nil
	})
	p.run(1, words("tree --as=half-"+w.ns), "Warehouse "+w.ns+"/stores", "you may not list fargatesecurityprofiles.fargatesecurity.io in namespace "+w.ns)
}

// TestPluginChanges: a request is answered by the operator; suspend and resume keep the mode.
func TestPluginChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPlugin(t, w)
	obj := w.stored("stores", mode(v1alpha1.ModeObserve))
	w.create(obj)
	p.run(1, words("reconcile stores --timeout=1ms"), "the operator has not answered", "waited for 1ms")
	cmd := p.command("reconcile", "stores", "--timeout=10m")
	out, err := cmd.StdoutPipe()
	must(err)
	asked := obj.Annotations[v1alpha1.ReconcileRequestAnnotation]
	if w.get(obj) {
		asked = obj.Annotations[v1alpha1.ReconcileRequestAnnotation]
	}
	must(cmd.Start())
	w.eventually("the request", func() error {
		if w.get(obj); obj.Annotations[v1alpha1.ReconcileRequestAnnotation] == asked {
			return errors.New("was not written")
		}
		return nil
	})
	w.pass(obj)
	text, err := io.ReadAll(out)
	must(err)
	if err := cmd.Wait(); err != nil || !strings.Contains(string(text), "Warehouse "+w.ns+"/stores: read; ") {
		t.Errorf("reconcile: %v\n%s", err, text)
	}

	is := func(m v1alpha1.Mode) {
		t.Helper()
		got := &warehouse.Warehouse{ObjectMeta: obj.ObjectMeta}
		if w.get(got); got.Spec.Mode != m {
			t.Errorf("the mode is %s, not %s", got.Spec.Mode, m)
		}
	}
	p.run(0, words("suspend stores"), "stores: suspended, was Observe")
	is(v1alpha1.ModeSuspend)
	p.run(0, words("suspend stores"), "is suspended already")
	p.run(1, words("reconcile stores"), "is suspended", "resume it first")
	p.run(0, words("resume stores"), "resumed, mode Observe")
	is(v1alpha1.ModeObserve)
	p.run(0, words("resume stores"), "is not suspended")
	edit(w, obj, mode(v1alpha1.ModeSuspend)) // by hand: nobody knows the mode of before
	p.run(1, words("resume stores"), "say --mode=Observe")
	is(v1alpha1.ModeSuspend)
	p.run(0, words("resume --all --mode=Enforce"), "resumed, mode Enforce")
	is(v1alpha1.ModeEnforce)
}

// TestPluginWatches: drift is shown as it comes.
func TestPluginWatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPlugin(t, w)
	obj := w.stored("stores", mode(v1alpha1.ModeEnforce))
	w.create(obj)
	w.ready(obj)
	edit(w, obj, mode(v1alpha1.ModeObserve))
	w.ready(obj)
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	cmd := p.command("drift", "--watch")
	out, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	// kubectl becomes the plugin (exec), so the signal reaches it.
	seen := make(chan string)
	go func() {
		defer close(seen)
		buffer := make([]byte, 64<<10)
		for {
			n, err := out.Read(buffer)
			if err != nil || ctx.Err() != nil {
				return
			}
			seen <- string(buffer[:n])
		}
	}()
	wait := func(word string) {
		t.Helper()
		text := ""
		for part := range seen {
			if text += part; strings.Contains(text, word) {
				return
			}
		}
		t.Fatalf("the watch ended without %q:\n%s", word, text)
	}
	wait("1 object without drift")
	must(w.service.ResizeShelf(w.ctx, "top", 7))
	w.clock.Advance(longAfter)
	w.until(obj, "drifted", func() bool { return len(obj.Status.Drift) > 0 })
	wait("Shelf/top")
	must(cmd.Process.Signal(os.Interrupt))
	for part := range seen {
		t.Log(part)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("interrupted while there is drift: %v", err)
	}
}
