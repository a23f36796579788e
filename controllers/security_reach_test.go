// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// reach is a way to get at an account, or at objects, that are not the profile's to use. It starts from a profile that
// is Ready, and must end Stalled without a change in AWS.
type reach struct {
	name   string
	do     func(*rig, *profile)
	reason string
	words  []string
	// unread: AWS is not even asked, but who the caller is.
	unread bool
}

const stranger = "999988887777"

var reaches = []reach{
	{"the namespace loses its label", func(r *rig, _ *profile) { r.relabel("use", "other") }, v1alpha1.ReasonNamespaceNotAllowed, []string{"use="}, true},
	{"the account allows other namespaces", func(r *rig, _ *profile) {
		r.editAccount(func(a *v1alpha1.AWSAccount) {
			a.Spec.AllowedNamespaces = &metav1.LabelSelector{MatchLabels: map[string]string{"use": "other"}}
		})
	}, v1alpha1.ReasonNamespaceNotAllowed, []string{"use=other"}, true},
	{"the account allows no namespaces", func(r *rig, _ *profile) {
		r.editAccount(func(a *v1alpha1.AWSAccount) { a.Spec.AllowedNamespaces = nil })
	}, v1alpha1.ReasonNamespaceNotAllowed, []string{"spec.allowedNamespaces"}, true},
	{"the account is made anew with another id", func(r *rig, _ *profile) {
		r.replaceAccount(func(a *v1alpha1.AWSAccount) { a.Spec.AccountID = stranger })
	}, v1alpha1.ReasonAccountMismatch, []string{"spec.accountID", stranger}, true},
	{"the account's role is one of another account", func(r *rig, _ *profile) {
		role := "arn:aws:iam::" + stranger + ":role/fargate-security-operator"
		r.sim.AllowAssume(role, "")
		r.editAccount(func(a *v1alpha1.AWSAccount) { a.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: role} })
	}, v1alpha1.ReasonAccountMismatch, []string{"spec.accountID", stranger, "spec.assumeRole"}, true},
	{"the account's role is one that may not be assumed", func(r *rig, _ *profile) {
		r.editAccount(func(a *v1alpha1.AWSAccount) {
			a.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: "arn:aws:iam::111122223333:role/administrator"}
		})
	}, "AccessDenied", []string{"sts:AssumeRole", "role/administrator"}, true},
	{"a role of another account", existing("arn:aws:iam::" + stranger + ":role/x"), v1alpha1.ReasonInvalidSpec, []string{"existingARN", stranger}, false},
	{"a role of another partition", existing("arn:aws-cn:iam::111122223333:role/" + roleName), "RoleNotFound", []string{"arn:aws-cn:"}, false},
	{"a role on another path", existing("arn:aws:iam::111122223333:role/allowed/" + roleName), "RoleNotFound", []string{"role/allowed/"}, false},
	{"another profile's role", ofOther(func(r *rig, p *profile) {
		p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{Name: "prod-other-fargate"}
	}),
		v1alpha1.ReasonOwnedByOther, []string{"prod-other-fargate"}, false},
	{"another profile's group", ofOther(func(r *rig, p *profile) {
		p.Spec.SecurityGroups = append(p.Spec.SecurityGroups, v1alpha1.SecurityGroupSpec{Name: "other-pods"})
	}), v1alpha1.ReasonOwnedByOther, []string{"SecurityGroup/other-pods"}, false},
	{"another profile's log group", ofOther(func(r *rig, p *profile) { p.Spec.Logging.LogGroup.Name = "/aws/eks/prod/fargate/other" }),
		v1alpha1.ReasonOwnedByOther, []string{"LogGroup//aws/eks/prod/fargate/other"}, false},
	{"another profile's key", ofOther(func(r *rig, p *profile) { p.Spec.Encryption.KMSKey.Alias = "alias/other" }),
		v1alpha1.ReasonOwnedByOther, []string{"KMSKey/alias/other"}, false},
}

// existing has the profile use a role that is there, in words that may not be its ARN.
func existing(arn string) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		r.edit(p, func(p *profile) { p.Spec.PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: arn} })
	}
}

// ofOther makes another profile with all sections, and has this one declare something of it.
func ofOther(take func(*rig, *profile)) func(*rig, *profile) {
	return func(r *rig, p *profile) {
		other := r.full(func(o *profile) {
			o.Name = "other"
			o.Spec.FargateProfile.Selectors[0].Namespace = "other"
			o.Spec.SecurityGroups = []v1alpha1.SecurityGroupSpec{{Name: "other-pods"}}
			o.Spec.Encryption.KMSKey.Alias = "alias/other"
			o.Spec.PodSecurityGroups = nil
		})
		r.create(other)
		r.ready(other)
		r.edit(p, func(p *profile) { p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt; take(r, p) })
	}
}

// TestOutOfReach: nothing that is not the profile's to use is changed, or even read. What drifts meanwhile stays as it is.
func TestOutOfReach(t *testing.T) {
	for _, c := range reaches {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := r.full()
			r.create(p)
			r.ready(p)
			c.do(r, p)
			r.stalled(p, c.reason, c.words...)
			if c.unread {
				r.authorize(p, "payments-pods", 22, "203.0.113.0/24")
			}
			before := r.snapshot()
			r.sim.ResetCalls()
			r.read(p)
			r.stalled(p, c.reason, c.words...)
			for _, call := range r.sim.Calls() {
				if c.unread && call.Service != "sts" && strings.Contains(call.Caller, "fargate-security-operator") {
					t.Errorf("%s was called", call.Action())
				}
			}
			if w := r.writes(); len(w) > 0 || r.snapshot() != before {
				t.Errorf("wrote %q", w)
			}
			if !c.unread {
				return
			}
			must(kube.Delete(r.ctx, p))
			r.stalled(p, c.reason)
			if r.snapshot() != before {
				t.Error("the deletion changed AWS")
			}
		})
	}
}

// relabel changes a label of the profiles' namespace.
func (r *rig) relabel(key, value string) {
	r.t.Helper()
	r.eventually("labelling the namespace", func() error {
		ns := &corev1.Namespace{}
		must(kube.Get(r.ctx, client.ObjectKey{Name: r.ns}, ns))
		ns.Labels[key] = value
		return kube.Update(r.ctx, ns)
	})
}

// replaceAccount takes the AWSAccount away, in spite of its finalizer, and makes another one of its name.
func (r *rig) replaceAccount(change func(*v1alpha1.AWSAccount)) {
	r.t.Helper()
	a := r.accountObject()
	must(kube.Get(r.ctx, client.ObjectKeyFromObject(a), a))
	fresh := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: a.Name}, Spec: a.Spec}
	must(kube.Delete(r.ctx, a))
	r.eventually("taking the account away", func() error {
		gone := r.accountObject()
		if err := kube.Get(r.ctx, client.ObjectKeyFromObject(gone), gone); err != nil {
			return client.IgnoreNotFound(err)
		}
		gone.Finalizers = nil
		if err := kube.Update(r.ctx, gone); err != nil {
			return err
		}
		return errNotYet
	})
	change(fresh)
	r.create(fresh)
}

// TestRefusedByTheAPIServer: what would move a profile or an account, or mark an object as another owner's, is not
// even stored.
func TestRefusedByTheAPIServer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.full()
	r.create(p)
	r.ready(p)
	for name, edit := range map[string]func() error{
		"spec.accountID":   func() error { return r.tryAccount(func(a *v1alpha1.AWSAccount) { a.Spec.AccountID = stranger }) },
		"spec.region":      func() error { return r.tryAccount(func(a *v1alpha1.AWSAccount) { a.Spec.Region = "us-east-1" }) },
		"spec.accountRef":  func() error { return r.tryProfile(p, func(p *profile) { p.Spec.AccountRef.Name = "theirs" }) },
		"spec.clusterName": func() error { return r.tryProfile(p, func(p *profile) { p.Spec.ClusterName = "theirs" }) },
		"spec.tags": func() error {
			return r.tryProfile(p, func(p *profile) { p.Spec.Tags[ownerKey] = "somebody/else/payments" })
		},
		"spec.tags ": func() error {
			return r.tryProfile(p, func(p *profile) { p.Spec.Tags["FargateSecurity.io/Owner"] = "somebody/else/payments" })
		},
		"securityGroupName": func() error {
			return r.tryProfile(p, func(p *profile) { p.Spec.SecurityGroups[0].Ingress[1].SecurityGroupName = "other-pods" })
		},
	} {
		if err := edit(); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), strings.TrimSpace(strings.TrimPrefix(name, "spec."))) {
			t.Errorf("%s: %v, want it refused by name", name, err)
		}
	}
}

func (r *rig) tryAccount(change func(*v1alpha1.AWSAccount)) error {
	a := r.accountObject()
	must(kube.Get(r.ctx, client.ObjectKeyFromObject(a), a))
	change(a)
	return kube.Update(r.ctx, a, client.DryRunAll)
}

func (r *rig) tryProfile(p *profile, change func(*profile)) error {
	fresh := &profile{}
	must(kube.Get(r.ctx, client.ObjectKeyFromObject(p), fresh))
	change(fresh)
	return kube.Update(r.ctx, fresh, client.DryRunAll)
}

// TestReferencedGroupIsOnlyNamed: a rule may let a group of others in; that group itself is nobody's business.
func TestReferencedGroupIsOnlyNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	theirs, err := r.aws.EC2.CreateSecurityGroup(r.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("theirs"), Description: aws.String("theirs"), VpcId: aws.String("vpc-0a")})
	r.did(theirs, err)
	look := func() string {
		for _, o := range r.sim.Objects() {
			if o.Name == "theirs" {
				return strings.Join(o.Facts, "\n")
			}
		}
		return "gone"
	}
	before := look()
	p := r.full(func(p *profile) {
		p.Spec.AdoptionPolicy = v1alpha1.AdoptionPolicyAdopt
		rule := &p.Spec.SecurityGroups[0].Ingress[1]
		rule.SecurityGroupName, rule.SecurityGroupID = "", *theirs.GroupId
	})
	r.create(p)
	r.ready(p)
	r.gone(p)
	for _, c := range r.sim.Calls() {
		if c.Write && c.Caller == operatorCaller && strings.Contains(c.Resource, *theirs.GroupId) {
			t.Errorf("%s wrote to the group of others", c.Action())
		}
	}
	if after := look(); after != before {
		t.Errorf("the group of others was\n%s\nand is\n%s", before, after)
	}
}
