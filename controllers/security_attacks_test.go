// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// forbidden is a declaration that the guardrails of the account do not allow. Whatever way it comes, nothing of it may
// reach AWS.
type forbidden struct {
	name    string
	declare func(*rig, *profile)
	words   []string // of the message, which names the place
}

// strict are the guardrails of these tests.
func strict(g *v1alpha1.Guardrails) {
	g.ForbiddenIngressCIDRs = []string{"0.0.0.0/0", "::/0"}
	g.AllowedManagedPolicyARNs = []string{execution}
	g.PermissionsBoundaryARN = readOnly
	g.ForbiddenInlineActions = []string{"iam:*", "*:Delete*"}
}

const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"

// open replaces the ingress of the group payments-pods by rules for one port with these sources.
func open(cidrs ...string) func(*rig, *profile) {
	return func(_ *rig, p *profile) {
		rule := p.Spec.SecurityGroups[0].Ingress[0]
		p.Spec.SecurityGroups[0].Ingress = nil
		for _, cidr := range cidrs {
			rule.CIDR = cidr
			p.Spec.SecurityGroups[0].Ingress = append(p.Spec.SecurityGroups[0].Ingress, rule)
		}
	}
}

// openByList does the same with a prefix list, and with plain ranges beside it.
func openByList(list []string, cidrs ...string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		open(append([]string{"10.0.0.0/8"}, cidrs...)...)(r, p)
		rule := &p.Spec.SecurityGroups[0].Ingress[0]
		rule.CIDR, rule.PrefixListID = "", r.prefixList("list", list...)
	}
}

func attach(arn string) func(*rig, *profile) {
	return func(_ *rig, p *profile) { p.Spec.PodExecutionRole.ManagedPolicyARNs = &[]string{execution, arn} }
}

// allowsInline declares one more inline policy, which allows something.
func allowsInline(allowed string) func(*rig, *profile) {
	return func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.InlinePolicies = append(p.Spec.PodExecutionRole.InlinePolicies, v1alpha1.InlinePolicy{
			Name: "own", Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + allowed + `,"Resource":"*"}]}`})
	}
}

var forbiddens = []forbidden{
	{"the internet", open("0.0.0.0/0"), []string{"SecurityGroup/payments-pods", "tcp/8443 0.0.0.0/0"}},
	{"the internet with host bits", open("203.0.113.7/0"), []string{"SecurityGroup/payments-pods", "tcp/8443 0.0.0.0/0"}},
	{"the internet in halves", open("0.0.0.0/1", "128.0.0.0/1"), []string{"SecurityGroup/payments-pods", "tcp/8443 0.0.0.0/1 together with tcp/8443 128.0.0.0/1"}},
	{"the internet in unequal parts", open("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"), []string{"SecurityGroup/payments-pods", "128.0.0.0/1"}},
	{"the internet of IPv6", open("::/0"), []string{"SecurityGroup/payments-pods", "tcp/8443 ::/0"}},
	{"the internet of IPv6 in halves", open("::/1", "8000::/1"), []string{"SecurityGroup/payments-pods", "8000::/1"}},
	{"the internet in a prefix list", openByList([]string{"0.0.0.0/0"}), []string{"SecurityGroup/payments-pods", "pl-"}},
	{"the internet in the halves of a prefix list", openByList([]string{"0.0.0.0/1", "128.0.0.0/1"}), []string{"SecurityGroup/payments-pods", "pl-"}},
	{"half the internet in a prefix list, and the other half", openByList([]string{"0.0.0.0/1"}, "128.0.0.0/1"), []string{"SecurityGroup/payments-pods", "pl-", "128.0.0.0/1"}},
	{"halves for protocols and ports that overlap", func(r *rig, p *profile) {
		open("0.0.0.0/1", "128.0.0.0/1")(r, p)
		all := &p.Spec.SecurityGroups[0].Ingress[1]
		all.Protocol, all.FromPort, all.ToPort = "-1", nil, nil
	}, []string{"SecurityGroup/payments-pods", "all 128.0.0.0/1"}},
	{"a managed policy that is not allowed", attach("arn:aws:iam::aws:policy/AdministratorAccess"), []string{"IAMRole/" + roleName, "AdministratorAccess"}},
	{"an allowed policy in other letters", attach("arn:aws:iam::aws:policy/amazoneksfargatepodexecutionrolepolicy"), []string{"IAMRole/" + roleName, "amazoneksfargate"}},
	{"an allowed policy of another partition", attach(strings.Replace(execution, "arn:aws:", "arn:aws-cn:", 1)), []string{"IAMRole/" + roleName, "arn:aws-cn:"}},
	{"an allowed policy's name in the account", attach(strings.Replace(execution, "::aws:", "::111122223333:", 1)), []string{"IAMRole/" + roleName, "::111122223333:"}},
	{"another boundary", func(_ *rig, p *profile) {
		p.Spec.PodExecutionRole.PermissionsBoundaryARN = "arn:aws:iam::aws:policy/PowerUserAccess"
	}, []string{"IAMRole/" + roleName, "permissionsBoundaryARN", readOnly}},
	{"an inline policy that grants a forbidden action", allowsInline(`"Action":["ecr:Get*","IAM:passrole"]`), []string{"IAMRole/" + roleName, "own", "iam:*"}},
	{"an inline policy that grants one by a wildcard", allowsInline(`"Action":"s3:*Object"`), []string{"IAMRole/" + roleName, "own", "*:Delete*"}},
	{"an inline policy that grants all but something", allowsInline(`"NotAction":["s3:*","iam:Pass*"]`), []string{"IAMRole/" + roleName, "own", "*:Delete*, iam:*"}},
}

// TestForbiddenDeclarations: each on each path.
func TestForbiddenDeclarations(t *testing.T) {
	for _, f := range forbiddens {
		for path, attack := range map[string]func(*rig, forbidden){"create": byCreation, "edit": byEdit, "adopt": byAdoption, "tighten": byTightening} {
			t.Run(f.name+"/"+path, func(t *testing.T) {
				t.Parallel()
				attack(newRig(t, guard(strict)), f)
			})
		}
	}
}

func byCreation(r *rig, f forbidden) {
	p := r.full()
	f.declare(r, p)
	r.create(p)
	r.stalled(p, v1alpha1.ReasonGuardrailViolation, f.words...)
	r.read(p)
	if w := r.writes(); len(w) > 0 {
		r.t.Errorf("wrote %q", w)
	}
}

func byEdit(r *rig, f forbidden) {
	p := r.full()
	r.create(p)
	r.ready(p)
	r.unharmed(func() {
		r.edit(p, func(p *profile) { f.declare(r, p) })
		r.stalled(p, v1alpha1.ReasonGuardrailViolation, f.words...)
		r.read(p)
	})
}

func byAdoption(r *rig, f forbidden) {
	r.brownfield()
	p := r.full(func(p *profile) {
		p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt
		p.Spec.FargateProfile.Selectors[0].Labels = nil
		p.Spec.FargateProfile.SubnetIDs = []string{"subnet-0a"}
	})
	f.declare(r, p)
	r.unharmed(func() {
		r.create(p)
		r.stalled(p, v1alpha1.ReasonGuardrailViolation, f.words...)
		r.read(p)
	})
}

// byTightening: it was allowed when it was made. What is declared is not taken away, which might be an outage, but told.
func byTightening(r *rig, f forbidden) {
	// An empty list, which forbids nothing, is no zero value in Go: it has to be written by hand.
	none := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"guardrails":{"forbiddenIngressCIDRs":[],"allowedManagedPolicyARNs":null,"permissionsBoundaryARN":null,"forbiddenInlineActions":null}}}`))
	must(kube.Patch(r.ctx, r.accountObject(), none))
	p := r.full()
	f.declare(r, p)
	if strings.Contains(strings.Join(f.words, " "), "IAMRole/") && strings.HasPrefix(f.name, "an allowed policy") {
		p.Spec.PodExecutionRole.ManagedPolicyARNs = &[]string{execution, "arn:aws:iam::aws:policy/AdministratorAccess"} // AWS has no policy of the other names
		f.words = []string{"AdministratorAccess"}
	}
	r.create(p)
	r.ready(p)
	r.unharmed(func() {
		r.editAccount(func(a *v1alpha1.AWSAccount) { strict(a.Spec.Guardrails) })
		r.stalled(p, v1alpha1.ReasonGuardrailViolation, f.words...)
		r.read(p)
	}, "role "+roleName+": boundary "+readOnly) // which the new guardrails demand
}

// editAccount changes the rig's AWSAccount as its owner would.
func (r *rig) editAccount(change func(*v1alpha1.AWSAccount)) {
	r.t.Helper()
	r.eventually("editing the account", func() error {
		a := r.accountObject()
		if err := kube.Get(r.ctx, client.ObjectKeyFromObject(a), a); err != nil {
			return err
		}
		change(a)
		return kube.Update(r.ctx, a)
	})
}

// unharmed: after the attack, roles and groups say nothing that they did not say before, but for what is wanted.
func (r *rig) unharmed(attack func(), wanted ...string) {
	r.t.Helper()
	before := factsOf(r.sim.Objects())
	attack()
	for _, fact := range slices.Sorted(maps.Keys(factsOf(r.sim.Objects()))) {
		if _, was := before[fact]; !was && !slices.Contains(wanted, fact) && (strings.HasPrefix(fact, "role ") || strings.HasPrefix(fact, "group ")) {
			r.t.Errorf("reached AWS: %s", fact)
		}
	}
}
