// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// away is what is uninstalled: profiles in a namespace of their own, and one in the operator's.
type away struct {
	*suite
	*world
	system *world // the operator's namespace
	home   string // where commands are pasted
	mark   int
}

// TestUninstalling deletes the operator, its namespace and its CRDs in every order, gets out of each with the commands of
// docs/uninstall.md, and installs again. Nothing is written to AWS that nobody asked for.
func TestUninstalling(t *testing.T) {
	t.Parallel()
	s := startSuite(t, "uninstall")
	a := &away{suite: s, home: t.TempDir()}
	a.start(t)
	s.applyAccount(t)
	a.world = s.newWorld(t, "away")
	system := *a.world
	system.Namespace = systemNamespace
	a.system = &system
	must(os.Symlink(filepath.Join(installed.root, "config"), filepath.Join(a.home, "config")))
	for _, stage := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"the bundle is deleted", a.bundle},
		{"the operator goes first", a.operatorFirst},
		{"the operator's namespace goes first", a.namespaceFirst},
		{"the CRDs go first, and everything is kept", a.crdsFirst},
		{"the CRDs go first, and AWS is to be deleted", a.confirmed},
		{"a profile goes before the CRDs", a.profileFirst},
		{"a CRD is removed by force", a.forced},
		{"in the right order", a.inOrder},
	} {
		if !t.Run(stage.name, stage.do) {
			t.FailNow()
		}
	}
}

// paste runs the one block of commands below a heading of the page that has the words.
func (a *away) paste(t *testing.T, heading, words string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(installed.root, "docs", "uninstall.md"))
	must(err)
	_, section, _ := strings.Cut(string(text), "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, rest := range strings.Split(section, "\n```sh\n")[1:] {
		if block, _, _ := strings.Cut(rest, "\n```"); strings.Contains(block, words) {
			blocks = append(blocks, block)
		}
	}
	if len(blocks) != 1 {
		t.Fatalf("%d blocks below %q of docs/uninstall.md hold %q, want one", len(blocks), heading, words)
	}
	env := append(bareEnv(a.home), "KUBECONFIG="+a.cluster.Admin)
	env[0] = "PATH=" + filepath.Dir(installed.kubectl) + ":" + os.Getenv("PATH")
	if out, err := run("bash", env, "", "-c", "set -euo pipefail; cd '"+a.home+"'\n"+blocks[0]); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// declare declares a profile with nothing but its role, and waits until it is Ready.
func (a *away) declare(t *testing.T, w *world, account, name string) {
	t.Helper()
	a.apply(t, fmt.Sprintf(`
apiVersion: fargatesecurity.io/v1alpha1
kind: FargateSecurityProfile
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  accountRef: {name: %[3]s}
  clusterName: %[4]s
  fargateProfile: {selectors: [{namespace: %[1]s}], subnetIDs: [%[5]s]}
`, name, w.Namespace, account, w.Name, w.Private[0]))
	a.waitReady(t, w, name)
}

// begin declares payments, and counts what is written to AWS from then on.
func (a *away) begin(t *testing.T) {
	t.Helper()
	a.declare(t, a.world, "e2e", "payments")
	a.mark = a.proxy.mark()
}

// untouched: nothing was written to AWS since begin.
func (a *away) untouched(t *testing.T) {
	t.Helper()
	if w := a.proxy.writesSince(a.mark); len(w) > 0 {
		t.Errorf("wrote to AWS, which nobody asked for: %q", w)
	}
}

// start starts an operator. There is never a second one, so that none has to wait for the lease of the one before it.
func (a *away) start(t *testing.T) {
	t.Helper()
	a.operator = a.startOperator(t, "--leader-elect=false")
}

// install installs what is not there, and starts an operator with no memory.
func (a *away) install(t *testing.T) {
	t.Helper()
	if a.operator.Alive() {
		a.operator.Kill()
	}
	must(a.cluster.Install(installed.root))
	a.start(t)
}

// works: what was declared is Ready again without a write to AWS, and something new can be made, and deleted.
func (a *away) works(t *testing.T) {
	t.Helper()
	a.waitReady(t, a.world, "payments")
	a.readNow(t, a.world, "payments")
	a.waitReady(t, a.world, "payments")
	a.untouched(t)
	a.declare(t, a.world, "e2e", "orders")
	a.deleteProfile(t, a.world, "orders")
	a.inAWS(t, "orders", false)
}

// inAWS checks whether a Fargate profile is there, and returns its tags.
func (a *away) inAWS(t *testing.T, name string, want bool) map[string]string {
	t.Helper()
	out, err := a.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &a.Name, FargateProfileName: &name})
	if code(err) != map[bool]string{true: "ok", false: "ResourceNotFoundException"}[want] {
		t.Errorf("Fargate profile %s: %v, want it there: %v", name, err, want)
	}
	if err != nil {
		return nil
	}
	return out.FargateProfile.Tags
}

// untilGone waits until Kubernetes has let a profile go.
func (a *away) untilGone(t *testing.T, w *world, name string) {
	t.Helper()
	until(t, "waiting until "+name+" is gone", func() error {
		_, err := a.cluster.profile(w.Namespace, name)
		if err == nil {
			return errors.New(a.describe(w, name))
		}
		return ignoreNotFound(err)
	})
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// going checks whether an object is being deleted.
func (a *away) going(t *testing.T, want bool, args ...string) {
	t.Helper()
	at := a.cluster.kubectl(t, append([]string{"get", "-o", "jsonpath={.metadata.deletionTimestamp}"}, args...)...)
	if (at != "") != want {
		t.Errorf("%v: deletionTimestamp is %q, want one: %v", args, at, want)
	}
}

const profilesCRD = "fargatesecurityprofiles.fargatesecurity.io"

func (a *away) bundle(t *testing.T) {
	a.begin(t)
	a.paste(t, "In the right order", "delete -k config/default")
	a.operator.Kill()
	a.going(t, false, "crd", profilesCRD)
	a.going(t, false, "fsp", "payments", "-n", a.Namespace)
	a.install(t)
	a.works(t)
}

func (a *away) operatorFirst(t *testing.T) {
	a.begin(t)
	// Nobody is there to carry out the deletion, and nobody is to come.
	a.operator.Kill()
	a.cluster.kubectl(t, "delete", "fsp/payments", "-n", a.Namespace, "--wait=false")
	a.going(t, true, "fsp", "payments", "-n", a.Namespace)
	a.paste(t, "The operator went first", "finalizers")
	a.untilGone(t, a.world, "payments")
	a.untouched(t)
	a.install(t)
	a.declare(t, a.world, "e2e", "payments")
	a.works(t)
	// An operator that comes back carries out what was asked for meanwhile.
	a.operator.Kill()
	a.cluster.kubectl(t, "delete", "fsp/payments", "-n", a.Namespace, "--wait=false")
	a.install(t)
	a.untilGone(t, a.world, "payments")
	a.inAWS(t, "payments", false)
}

func (a *away) namespaceFirst(t *testing.T) {
	a.apply(t, fmt.Sprintf(`
apiVersion: fargatesecurity.io/v1alpha1
kind: AWSAccount
metadata: {name: own}
spec: {accountID: %q, region: %s, endpointURL: %s, resyncInterval: 1h}
`, account, region, a.proxy.url))
	a.declare(t, a.system, "own", "inside")
	a.begin(t)
	a.cluster.kubectl(t, "delete", "namespace", systemNamespace, "--wait=false")
	until(t, "waiting until the profile is being deleted", func() error {
		p, err := a.cluster.profile(systemNamespace, "inside")
		if err == nil && p.DeletionTimestamp.IsZero() {
			err = errNotYet
		}
		return err
	})
	a.operator.Kill()
	// One that runs elsewhere, such as on somebody's machine: its rights do not go with the namespace.
	a.env = []string{"KUBECONFIG=" + a.cluster.Admin}
	a.start(t)
	a.env = nil
	a.untilStalled(t, a.system, "inside", v1alpha1.ReasonNamespaceDeleted)
	a.operator.Kill()
	a.paste(t, "The operator's namespace went first", "finalizers")
	a.going(t, false, "fsp", "payments", "-n", a.Namespace)
	a.install(t)
	a.paste(t, "In the right order", "create -f")
	a.waitReady(t, a.system, "inside")
	a.works(t)
	a.deleteProfile(t, a.system, "inside")
	a.inAWS(t, "inside", false)
}

// loseCRDs deletes the CRDs while the operator runs, and waits until it has noticed.
func (a *away) loseCRDs(t *testing.T) {
	t.Helper()
	a.begin(t)
	a.cluster.kubectl(t, "delete", "-k", filepath.Join(installed.root, "config", "crd"), "--wait=false")
	a.untilStalled(t, a.world, "payments", v1alpha1.ReasonCRDDeleted)
}

func (a *away) crdsFirst(t *testing.T) {
	a.loseCRDs(t)
	// The operator goes too, and comes back without a memory.
	a.paste(t, "In the right order", "delete -k config/default")
	a.install(t)
	a.readNow(t, a.world, "payments")
	a.untilStalled(t, a.world, "payments", v1alpha1.ReasonCRDDeleted)
	a.untouched(t)
	a.paste(t, "The CRDs went first", "Suspend")
	a.works(t)
	a.going(t, false, "crd", profilesCRD)
}

func (a *away) confirmed(t *testing.T) {
	a.loseCRDs(t)
	a.untouched(t)
	a.paste(t, "The CRDs went first", "confirm-deletion")
	a.crdsGone(t)
	a.inAWS(t, "payments", false)
	a.install(t)
	a.applyAccount(t)
	a.begin(t)
	a.works(t)
}

func (a *away) crdsGone(t *testing.T) {
	t.Helper()
	a.cluster.kubectl(t, "wait", "--for=delete", "crd/"+profilesCRD, "crd/awsaccounts.fargatesecurity.io", "--timeout=90s")
}

// profileFirst: a deletion that was under way when the CRDs were deleted was asked for.
func (a *away) profileFirst(t *testing.T) {
	a.begin(t)
	a.operator.Kill()
	a.cluster.kubectl(t, "delete", "fsp/payments", "-n", a.Namespace, "--wait=false")
	p := a.profile(t, a.world, "payments")
	until(t, "waiting until no two clocks can be mistaken", func() error {
		if time.Since(p.DeletionTimestamp.Time) < 12*time.Second {
			return errNotYet
		}
		return nil
	})
	a.cluster.kubectl(t, "delete", "-k", filepath.Join(installed.root, "config", "crd"), "--wait=false")
	a.start(t)
	a.crdsGone(t)
	a.inAWS(t, "payments", false)
	a.install(t)
	a.applyAccount(t)
}

// forced: the finalizers of a CRD are taken off, as is advised in many places. Its objects outlive it.
func (a *away) forced(t *testing.T) {
	a.loseCRDs(t)
	a.cluster.kubectl(t, "patch", "crd", profilesCRD, "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	a.cluster.kubectl(t, "wait", "--for=delete", "crd/"+profilesCRD, "--timeout=90s")
	a.install(t)
	a.going(t, true, "fsp", "payments", "-n", a.Namespace)
	a.readNow(t, a.world, "payments")
	a.untilStalled(t, a.world, "payments", v1alpha1.ReasonCRDDeleted)
	a.untouched(t)
	a.cluster.kubectl(t, "patch", "fsp/payments", "-n", a.Namespace, "--type=merge", "-p", `{"spec":{"mode":"Suspend"}}`)
	a.untilGone(t, a.world, "payments")
	a.cluster.kubectl(t, "wait", "--for=delete", "crd/awsaccounts.fargatesecurity.io", "--timeout=90s")
	a.install(t)
	a.applyAccount(t)
	a.declare(t, a.world, "e2e", "payments")
	a.works(t)
}

func (a *away) inOrder(t *testing.T) {
	for _, name := range []string{"kept", "retained", "payments"} {
		a.declare(t, a.world, "e2e", name)
	}
	a.setMode(t, a.world, "kept", v1alpha1.ModeSuspend)
	a.cluster.kubectl(t, "patch", "fsp/retained", "-n", a.Namespace, "--type=merge", "-p", `{"spec":{"deletionPolicy":"Retain"}}`)
	a.paste(t, "In the right order", "get awsaccounts,fsp")
	a.paste(t, "In the right order", "delete awsaccounts")
	a.paste(t, "In the right order", "delete -k config/default")
	a.operator.Kill()
	a.paste(t, "In the right order", "delete -k config/crd")
	a.inAWS(t, "payments", false)
	if tags := a.inAWS(t, "retained", true); tags[resource.OwnerTag] != "" {
		t.Errorf("what was retained has the tags %v", tags)
	}
	if tags := a.inAWS(t, "kept", true); !strings.HasSuffix(tags[resource.OwnerTag], "/kept") {
		t.Errorf("what was kept has the tags %v", tags)
	}
	out, err := a.backend.eks.ListFargateProfiles(background(), &eks.ListFargateProfilesInput{ClusterName: aws.String(a.Name)})
	if err != nil || len(out.FargateProfileNames) != 2 {
		t.Errorf("Fargate profiles: %v %v, want those that were to stay", out, err)
	}
}
