// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// manifest writes objects into a file, as they would be in Git, and returns its path.
func (p *plugin) manifest(objects ...client.Object) string {
	p.t.Helper()
	var docs []string
	for _, obj := range objects {
		gvks, _, err := newScheme().ObjectKinds(obj)
		must(err)
		obj.GetObjectKind().SetGroupVersionKind(gvks[0])
		text, err := yaml.Marshal(obj)
		must(err)
		fields := map[string]any{}
		must(yaml.Unmarshal(text, &fields))
		delete(fields, "status")
		text, err = yaml.Marshal(fields)
		must(err)
		docs = append(docs, string(text))
	}
	file := filepath.Join(p.t.TempDir(), "manifests.yaml")
	must(os.WriteFile(file, []byte(strings.Join(docs, "---\n")), 0o600))
	return file
}

// plan runs plan with the test's operator id.
func (p *plugin) plan(code int, file string, args []string, words ...string) string {
	p.t.Helper()
	before := len(p.sim.Calls())
	out := p.run(code, append([]string{"plan", "-f", file, "--operator-id=" + operatorID, "--operator-namespace=" + p.ns}, args...), words...)
	for _, c := range p.sim.Calls()[before:] {
		if c.Write {
			p.t.Errorf("a plan has written: %s %s", c.Action(), c.Resource)
		}
	}
	return out
}

// TestPlan goes with a profile from its first draft to its deletion, on the real API server: each time the plan is what then
// happens, and nothing is written for it.
func TestPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPlugin(t, w)
	draft := w.fargate("payments")
	file := p.manifest(draft)

	p.plan(2, file, nil, "FargateSecurityProfile "+w.ns+"/payments", "+ IAMRole/", "will be created", "Plan: ")
	if w.get(w.fargate("payments")) {
		t.Fatal("a plan has created the object")
	}

	obj := w.fargate("payments")
	w.create(obj)
	w.ready(obj)
	p.plan(0, file, nil, "Plan: nothing changes in AWS.")

	role := roleOf(t, obj)
	_, err := w.aws.IAM.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
	must(err)
	p.plan(2, file, nil, "~ IAMRole/"+role+" will be changed", "managedPolicies[arn:aws:iam::aws:policy/ReadOnl")
	observing := w.fargate("payments")
	observing.Spec.Mode = v1alpha1.ModeObserve
	p.plan(0, p.manifest(observing), nil, "mode Observe: nothing is written", "managedPolicies[arn:aws:iam::aws:policy/ReadOnl", "1 difference stays.")

	var report struct {
		Kind  string
		Items []struct {
			Name    string
			Objects []struct{ Kind, Action string }
		}
	}
	if err := json.Unmarshal([]byte(p.plan(2, file, []string{"-o", "json"})), &report); err != nil || report.Kind != "PlanReport" || len(report.Items) != 1 {
		t.Errorf("-o json writes %+v (%v)", report, err)
	}
	p.plan(2, file, []string{"-o", "markdown"}, "| | Object | Field | From | To |", "<code>IAMRole/"+role+"</code>")

	obj.Labels = map[string]string{"team": "payments"}
	must(kube.Update(w.ctx, obj))
	other := w.fargate("others")
	other.Spec.Mode = v1alpha1.ModeSuspend
	p.plan(2, p.manifest(other), []string{"--prune", "-l", "team=payments"}, "payments  deleted", "- IAMRole/"+role+" will be deleted", "mode Suspend: AWS is neither read nor written")
}

// TestPlansThatCannotBe: each is said, with what to do, and the exit code is 1.
func TestPlansThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPlugin(t, w)
	good := w.fargate("payments")
	unknown := w.stored("stock")
	stranger := w.fargate("payments")
	stranger.Spec.AccountRef.Name = "nobodys"
	refused := w.fargate("payments")
	refused.Spec.FargateProfile.Selectors = nil

	p.run(1, []string{"plan"}, "no manifests are named")
	p.plan(1, t.TempDir(), nil, "error:")
	p.plan(1, p.manifest(refused), nil, "selectors")
	p.plan(1, p.manifest(unknown), nil, "does not know the kind Warehouse")
	p.plan(1, p.manifest(stranger), nil, "spec.accountRef names AWSAccount", "nobodys")
	p.plan(1, p.manifest(good), []string{"--prune"}, "--prune and --selector go together")
	p.plan(1, p.manifest(good), []string{"-o", "yml"}, "is no format")

	cmd := p.command("plan", "-f", p.manifest(good), "--operator-namespace="+w.ns)
	for _, v := range cmd.Env {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			cmd.Env = append(cmd.Env, name+"=")
		}
	}
	cmd.Env = append(cmd.Env, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "credentials") {
		t.Errorf("without credentials: %v\n%s", err, out)
	}
}

// roleOf is the name of the profile's role.
func roleOf(t *testing.T, obj *v1alpha1.FargateSecurityProfile) string {
	t.Helper()
	for _, r := range obj.Status.Resources {
		if r.Kind == "IAMRole" {
			return r.Name
		}
	}
	t.Fatal("the profile has no role")
	return ""
}
