// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

const strangerKey = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// ruleOf is a rule for the namespace of the rig with that account, and allows just what full declares.
func ruleOf(account string) v1alpha1.ClaimRule {
	return v1alpha1.ClaimRule{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"use": account}},
		ClusterNames:      []string{"prod"}, FargateProfileNames: []string{"payments"},
		PodNamespaces: []string{"payments", "pods-" + strings.TrimPrefix(account, "acct-")},
		RoleNames:     []string{roleName, "payments-*"}, SecurityGroupNames: []string{"payments-*"}, LogGroupNames: []string{"/aws/eks/prod/fargate/pay*", "/pay/*"},
		KeyAliases: []string{"alias/fargate-payments"}, KeyARNs: []string{"arn:aws:kms:eu-west-1:111122223333:key/ours-*"},
	}
}

// claims gives the account that rule, changed, and others.
func claims(change func(*v1alpha1.ClaimRule), others ...v1alpha1.ClaimRule) func(*v1alpha1.AWSAccount) {
	return func(a *v1alpha1.AWSAccount) {
		own := ruleOf(a.Name)
		change(&own)
		a.Spec.Guardrails = &v1alpha1.Guardrails{Claims: append([]v1alpha1.ClaimRule{own}, others...)}
	}
}

func unchanged(*v1alpha1.ClaimRule) {}

// everyone is a rule that allows every namespace what the change says.
func everyone(change func(*v1alpha1.ClaimRule)) v1alpha1.ClaimRule {
	rule := v1alpha1.ClaimRule{NamespaceSelector: &metav1.LabelSelector{}}
	change(&rule)
	return rule
}

// An unclaimed is a name that the rules do not allow, where the profile says it.
type unclaimed struct {
	name    string
	account func(*v1alpha1.AWSAccount)
	declare func(*profile)
	words   []string
	// fixed: it is no matter of an edit, since the API server refuses it or the rules refuse what was there before.
	fixed bool
}

var as = func(*profile) {}

var unclaimeds = []unclaimed{
	{"another cluster", claims(func(c *v1alpha1.ClaimRule) { c.ClusterNames = []string{"dev-*"} }), as,
		[]string{`spec.clusterName "prod", where clusterNames allow dev-*; use`}, true},
	{"namespaces and clusters of two rules", claims(func(c *v1alpha1.ClaimRule) { c.PodNamespaces = c.PodNamespaces[1:] },
		everyone(func(c *v1alpha1.ClaimRule) { c.ClusterNames, c.PodNamespaces = []string{"dev-*"}, []string{"*"} })), as,
		[]string{`spec.fargateProfile.selectors[0].namespace "payments", where podNamespaces allow pods-`}, true},
	{"another one's profile", claims(func(c *v1alpha1.ClaimRule) { c.FargateProfileNames = []string{"checkout"} }), as,
		[]string{`spec.fargateProfile.name (default) "payments", where fargateProfileNames allow checkout`}, true},
	{"another one's namespace", claims(unchanged), func(p *profile) { p.Spec.FargateProfile.Selectors[0].Namespace = "checkout" },
		[]string{`selectors[0].namespace "checkout"`}, false},
	{"all namespaces", claims(unchanged), func(p *profile) { p.Spec.FargateProfile.Selectors[0].Namespace = "*" },
		[]string{`selectors[0].namespace "*", where podNamespaces allow payments, pods-`}, false},
	{"namespaces that begin so", claims(unchanged), func(p *profile) { p.Spec.FargateProfile.Selectors[0].Namespace = "payments*" },
		[]string{`"payments*"`}, false},
	{"a namespace by a wildcard", claims(unchanged), func(p *profile) { p.Spec.FargateProfile.Selectors[0].Namespace = "payment?" },
		[]string{`"payment?"`}, false},
	{"a second selector", claims(unchanged), func(p *profile) {
		p.Spec.FargateProfile.Selectors = append(p.Spec.FargateProfile.Selectors, v1alpha1.ProfileSelector{Namespace: "kube-system"})
	}, []string{`selectors[1].namespace "kube-system"`}, false},
	{"pods of another one", claims(unchanged), func(p *profile) { p.Spec.PodSecurityGroups.Namespace = "checkout" },
		[]string{`spec.podSecurityGroups.namespace "checkout"`}, false},
	{"another one's role", claims(unchanged), func(p *profile) { p.Spec.PodExecutionRole.Name = "checkout-fargate" },
		[]string{`spec.podExecutionRole.name "checkout-fargate", where roleNames allow payments-*, prod-payments-fargate`}, false},
	{"another one's role in other letters", claims(unchanged), func(p *profile) { p.Spec.PodExecutionRole.Name = "Payments-fargate" },
		[]string{`"Payments-fargate"`}, false},
	{"the role's default name", claims(func(c *v1alpha1.ClaimRule) { c.RoleNames = []string{"payments-*"} }), as,
		[]string{`spec.podExecutionRole.name (default) "prod-payments-fargate"`}, true},
	{"another one's role by its ARN", claims(unchanged), func(p *profile) {
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: "arn:aws:iam::111122223333:role/payments-x/checkout-fargate"}
	}, []string{`spec.podExecutionRole.existingARN "checkout-fargate"`}, false},
	{"another one's group", claims(unchanged), func(p *profile) {
		p.Spec.SecurityGroups = append(p.Spec.SecurityGroups, v1alpha1.SecurityGroupSpec{Name: "checkout-pods"})
	}, []string{`spec.securityGroups[].name "checkout-pods"`}, false},
	{"another one's log group", claims(unchanged), func(p *profile) { p.Spec.Logging.LogGroup.Name = "/aws/eks/prod/fargate/checkout" },
		[]string{`spec.logging.logGroup.name "/aws/eks/prod/fargate/checkout"`}, false},
	{"the log group's default name", claims(func(c *v1alpha1.ClaimRule) { c.LogGroupNames = []string{"/payments/*"} }), as,
		[]string{`spec.logging.logGroup.name (default) "` + logGroupName + `", where logGroupNames allow /payments/*`}, true},
	{"another one's alias", claims(unchanged), func(p *profile) { p.Spec.Encryption.KMSKey.Alias = "alias/checkout" },
		[]string{`spec.encryption.kmsKey.alias "alias/checkout"`}, false},
	{"another one's key by its ARN", claims(unchanged), func(p *profile) { p.Spec.Encryption = &v1alpha1.EncryptionSpec{KeyARN: strangerKey} },
		[]string{`spec.encryption.keyARN "` + strangerKey + `"`, "key/ours-*"}, false},
	{"everything, by rules for others only", func(a *v1alpha1.AWSAccount) {
		claims(unchanged)(a)
		a.Spec.Guardrails.Claims[0].NamespaceSelector.MatchLabels["use"] = "another"
	}, as, []string{"none of its spec.guardrails.claims selects the namespace"}, true},
	{"everything, by a rule that lists nothing", func(a *v1alpha1.AWSAccount) {
		a.Spec.Guardrails = &v1alpha1.Guardrails{Claims: []v1alpha1.ClaimRule{everyone(unchanged)}}
	}, as, []string{`spec.clusterName "prod", where clusterNames allow none`, `spec.podExecutionRole.name (default)`}, true},
	{"everything, by a rule that nobody can read", func(a *v1alpha1.AWSAccount) {
		claims(unchanged)(a)
		a.Spec.Guardrails.Claims[0].NamespaceSelector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "use", Operator: "Is"}}
	}, as, []string{"claims[0].namespaceSelector of the AWSAccount is not a label selector"}, true},
}

// TestUnclaimedNames: each on each path. Nothing of AWS is read, and nothing is written anywhere.
func TestUnclaimedNames(t *testing.T) {
	for _, u := range unclaimeds {
		for path, attack := range map[string]func(*rig, unclaimed){"create": unclaimedCreation(as), "observe": unclaimedCreation(mode(v1alpha1.ModeObserve)), "edit": unclaimedEdit, "adopt": unclaimedAdoption} {
			if path == "edit" && u.fixed {
				continue
			}
			t.Run(u.name+"/"+path, func(t *testing.T) {
				t.Parallel()
				attack(newRig(t, u.account), u)
			})
		}
	}
}

func unclaimedCreation(change func(*profile)) func(*rig, unclaimed) {
	return func(r *rig, u unclaimed) {
		p := r.full(u.declare, change)
		r.untouched(func() {
			r.create(p)
			r.stalled(p, v1alpha1.ReasonClaimNotAllowed, u.words...)
			r.read(p)
		})
		if len(p.Status.Resources) > 0 || len(p.Finalizers) > 0 {
			r.t.Errorf("nothing was made, and yet:\n%s%v", describe(p), p.Finalizers)
		}
		r.gone(p)
	}
}

func unclaimedAdoption(r *rig, u unclaimed) {
	r.brownfield()
	unclaimedCreation(func(p *profile) { p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt })(r, u)
}

func unclaimedEdit(r *rig, u unclaimed) {
	p := r.full()
	r.create(p)
	r.ready(p)
	known := len(p.Status.Resources)
	r.edit(p, u.declare)
	r.stalled(p, v1alpha1.ReasonClaimNotAllowed, u.words...)
	r.untouched(func() { r.read(p) })
	if len(p.Status.Resources) != known {
		r.t.Errorf("what belongs to the profile is forgotten:\n%s", describe(p))
	}
	r.gone(p) // what is declared now does not keep what was made from going
	r.nothingLeft()
}

// untouched: the operator calls nothing of AWS meanwhile but to verify the account.
func (r *rig) untouched(do func()) {
	r.t.Helper()
	before := len(r.sim.Calls())
	do()
	for _, c := range r.sim.Calls()[before:] {
		if c.Caller == operatorCaller && c.Service != "sts" {
			r.t.Errorf("called %s", c.Action())
		}
	}
}

// TestAClaimThatIsTakenAway: each kind of name. The profile is neither read nor repaired from then on, keeps what it has, and goes
// on when the claim is given back. Deleted without it, all of it goes.
func TestAClaimThatIsTakenAway(t *testing.T) {
	rule := reflect.TypeFor[v1alpha1.ClaimRule]()
	for i := range rule.NumField() {
		field := rule.Field(i)
		if field.Name == "NamespaceSelector" {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, claims(unchanged))
			p := r.full()
			if field.Name == "KeyARNs" { // the account lists it, before the profile names it
				r.fixedKey = r.otherKey("alias/shared", "")
				r.editAccount(func(a *v1alpha1.AWSAccount) { a.Spec.Guardrails.Claims[0].KeyARNs = []string{r.fixedKey} })
				referKey(r, p)
				p.Spec.Logging = nil
			}
			r.create(p)
			r.ready(p)
			allowed := func(list []string) {
				r.editAccount(func(a *v1alpha1.AWSAccount) {
					reflect.ValueOf(&a.Spec.Guardrails.Claims[0]).Elem().FieldByName(field.Name).Set(reflect.ValueOf(list))
				})
			}
			was := r.accountRule(field.Name)
			allowed(nil)
			r.stalled(p, v1alpha1.ReasonClaimNotAllowed, " allow none")
			r.putInline("extra")
			r.untouched(func() { r.read(p) })
			allowed(was)
			r.ready(p)
			r.read(p) // that pass may have been answered by what was read before
			if p.Status.LastRepair == nil || !strings.Contains(p.Status.LastRepair.Message, "inlinePolicies[extra]") {
				t.Errorf("what was changed meanwhile is not repaired: %+v", p.Status.LastRepair)
			}
			allowed(nil)
			r.stalled(p, v1alpha1.ReasonClaimNotAllowed)
			r.gone(p)
			r.nothingLeft()
		})
	}
}

func (r *rig) accountRule(field string) []string {
	r.t.Helper()
	a := r.accountObject()
	must(kube.Get(r.ctx, client.ObjectKeyFromObject(a), a))
	list, _ := reflect.ValueOf(a.Spec.Guardrails.Claims[0]).FieldByName(field).Interface().([]string)
	return slices.Clone(list)
}

// TestWhatLeftTheSpecGoesWithoutAClaim: the rules and the spec move on to another log group. The one of before is ours, and goes;
// while the spec claims what is not allowed, it stays.
func TestWhatLeftTheSpecGoesWithoutAClaim(t *testing.T) {
	t.Parallel()
	r := newRig(t, claims(unchanged))
	p := r.full()
	r.create(p)
	r.ready(p)
	exists := func(name string) bool {
		out, err := r.aws.Logs.DescribeLogGroups(r.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name)})
		r.did(out, err)
		return len(out.LogGroups) > 0
	}
	r.edit(p, func(p *profile) { p.Spec.Logging.LogGroup.Name = "/new/payments" })
	r.stalled(p, v1alpha1.ReasonClaimNotAllowed, "/new/payments")
	r.read(p)
	if !exists(logGroupName) {
		t.Fatal("what left the spec went while the spec claims what is not allowed")
	}
	r.editAccount(func(a *v1alpha1.AWSAccount) { a.Spec.Guardrails.Claims[0].LogGroupNames = []string{"/new/*"} })
	r.until(p, "waiting for the move", func(p *profile) error {
		if condition(p, v1alpha1.ReadyCondition).Status != metav1.ConditionTrue || exists(logGroupName) || !exists("/new/payments") {
			return errors.New("the log group has not moved")
		}
		return nil
	})
}

// TestClaimsFollowTheNamespace: rules hold as soon as the labels of the namespace change.
func TestClaimsFollowTheNamespace(t *testing.T) {
	t.Parallel()
	r := newRig(t, claims(func(c *v1alpha1.ClaimRule) { c.NamespaceSelector.MatchLabels = map[string]string{"team": "payments"} }))
	p := r.full()
	r.create(p)
	r.stalled(p, v1alpha1.ReasonClaimNotAllowed, "none of its spec.guardrails.claims selects the namespace")
	r.relabel("team", "payments")
	r.ready(p)
	r.relabel("team", "checkout")
	r.stalled(p, v1alpha1.ReasonClaimNotAllowed)
	r.untouched(func() { r.read(p) })
}

// TestPeersAreNoClaims: a group that a rule names, a subnet, a managed policy and a prefix list are used by many.
func TestPeersAreNoClaims(t *testing.T) {
	t.Parallel()
	r := newRig(t, claims(unchanged))
	p := r.full(func(p *profile) {
		rule := &p.Spec.SecurityGroups[0].Ingress[0]
		rule.CIDR, rule.PrefixListID = "", r.prefixList("list", "10.0.0.0/8")
	})
	r.create(p)
	r.ready(p)
}

// TestRequiredBoundary: a role without one is refused on every path, and one that has a boundary keeps it.
func TestRequiredBoundary(t *testing.T) {
	required := guard(func(g *v1alpha1.Guardrails) { g.RequirePermissionsBoundary = v1alpha1.BoundaryRequiredAlways })
	words := []string{"IAMRole/" + roleName, "requirePermissionsBoundary"}
	bounded := func(p *profile) { p.Spec.PodExecutionRole.PermissionsBoundaryARN = readOnly }
	for path, attack := range map[string]func(*rig){
		"create": func(r *rig) { byCreation(r, forbidden{declare: func(*rig, *profile) {}, words: words}) },
		"adopt":  func(r *rig) { byAdoption(r, forbidden{declare: func(*rig, *profile) {}, words: words}) },
		"edit": func(r *rig) {
			p := r.full(bounded)
			r.create(p)
			r.ready(p)
			r.edit(p, func(p *profile) { p.Spec.PodExecutionRole.PermissionsBoundaryARN = "" })
			r.stalled(p, v1alpha1.ReasonGuardrailViolation, words...)
			r.read(p)
			if _, has := factsOf(r.sim.Objects())[fmt.Sprintf("role %s: boundary %s", roleName, readOnly)]; !has {
				r.t.Error("the boundary was taken off")
			}
		},
		"refer": func(r *rig) {
			p := r.small("payments", func(p *profile) { p.Spec.PodExecutionRole.ExistingARN = r.role("own", fargateTrust) })
			r.create(p)
			r.stalled(p, v1alpha1.ReasonGuardrailViolation, "IAMRole/own", "requirePermissionsBoundary")
			r.read(p)
			if w := r.writes(); len(w) > 0 {
				r.t.Errorf("wrote %q", w)
			}
		},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			attack(newRig(t, required))
		})
	}
}
