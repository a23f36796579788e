// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
)

type profile = v1alpha1.FargateSecurityProfile

// full is a profile with every section. Names carry no test's name: each rig has its own AWS.
func (r *rig) full(change ...func(*profile)) *profile {
	port := func(p int32) *int32 { return &p }
	days := int32(90)
	p := &profile{
		ObjectMeta: metav1.ObjectMeta{Name: "payments", Namespace: r.ns},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: r.account}, Tags: map[string]v1alpha1.TagValue{"team": "payments"}}, ClusterName: "prod",
			FargateProfile: v1alpha1.FargateProfileSpec{
				Selectors: []v1alpha1.ProfileSelector{{Namespace: "payments", Labels: map[string]v1alpha1.SelectorLabelValue{"tier": "backend"}}},
				SubnetIDs: []string{"subnet-0a", "subnet-0b"},
			},
			PodExecutionRole: v1alpha1.PodExecutionRoleSpec{InlinePolicies: []v1alpha1.InlinePolicy{{Name: "pull-cache", Document: pullCache}}},
			SecurityGroups: []v1alpha1.SecurityGroupSpec{
				{
					Name: "payments-pods", Description: "payments pods",
					Ingress: []v1alpha1.SecurityGroupRule{
						{Protocol: "tcp", FromPort: port(8443), ToPort: port(8443), CIDR: "10.0.0.0/16", Description: "mesh"},
						{Protocol: "tcp", FromPort: port(9090), ToPort: port(9090), SecurityGroupName: "payments-extra"},
					},
					Egress: []v1alpha1.SecurityGroupRule{{Protocol: "-1", CIDR: "10.0.0.0/8"}},
				},
				{
					Name:    "payments-extra", // the two refer to each other
					Ingress: []v1alpha1.SecurityGroupRule{{Protocol: "udp", FromPort: port(53), ToPort: port(53), SecurityGroupName: "payments-pods"}},
				},
			},
			PodSecurityGroups: &v1alpha1.PodSecurityGroupsSpec{
				Namespace: r.workload, PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "backend"}},
			},
			Logging:    &v1alpha1.LoggingSpec{LogGroup: v1alpha1.LogGroupSpec{RetentionDays: &days}},
			Encryption: &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{Alias: "alias/fargate-payments"}},
		},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

// small is a profile with nothing but the Fargate profile and its role.
func (r *rig) small(name string, change ...func(*profile)) *profile {
	p := &profile{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: r.ns},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: r.account}}, ClusterName: "prod",
			FargateProfile: v1alpha1.FargateProfileSpec{
				Selectors: []v1alpha1.ProfileSelector{{Namespace: name}}, SubnetIDs: []string{"subnet-0a"},
			},
		},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

const pullCache = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}`

func mode(m v1alpha1.Mode) func(*profile) { return func(p *profile) { p.Spec.Mode = m } }

// get reads the profile anew and checks what must hold of every status.
func (r *rig) get(p *profile) *profile {
	r.t.Helper()
	if err := kube.Get(context.Background(), client.ObjectKeyFromObject(p), p); err != nil {
		r.t.Fatalf("reading %s: %v", p.Name, err)
	}
	r.checkStatus(p)
	return p
}

// edit changes the profile as a person would: read, change, write.
func (r *rig) edit(p *profile, change func(*profile)) {
	r.t.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := kube.Get(r.ctx, client.ObjectKeyFromObject(p), p); err != nil {
			return err
		}
		change(p)
		return kube.Update(r.ctx, p)
	})
	if err != nil {
		r.t.Fatalf("editing %s: %v", p.Name, err)
	}
}

// until waits for a status of the profile's current generation that satisfies check.
func (r *rig) until(p *profile, what string, check func(*profile) error) *profile {
	r.t.Helper()
	r.eventually(what, func() error {
		r.get(p)
		if p.Status.ObservedGeneration != p.Generation {
			return fmt.Errorf("status is of generation %d, the spec of %d", p.Status.ObservedGeneration, p.Generation)
		}
		if err := check(p); err != nil {
			return fmt.Errorf("%w\n%s", err, describe(p))
		}
		return nil
	})
	return p
}

// ready waits until the profile is Ready.
func (r *rig) ready(p *profile) *profile {
	r.t.Helper()
	return r.until(p, "waiting for Ready", func(p *profile) error {
		if c := condition(p, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue {
			return errors.New("not Ready")
		}
		return nil
	})
}

// stalled waits until the profile is Stalled for that reason, with a message that holds all of the given words.
func (r *rig) stalled(p *profile, reason string, words ...string) *profile {
	r.t.Helper()
	return r.until(p, "waiting for Stalled "+reason, func(p *profile) error {
		c := condition(p, v1alpha1.StalledCondition)
		if c.Status != metav1.ConditionTrue || c.Reason != reason {
			return errors.New("not Stalled for that reason")
		}
		for _, w := range words {
			if !strings.Contains(c.Message, w) {
				return fmt.Errorf("the message does not hold %q", w)
			}
		}
		return nil
	})
}

// read asks for a read of AWS at once and waits until it has been done.
func (r *rig) read(p *profile) *profile {
	r.t.Helper()
	request := fmt.Sprint(serial.Add(1))
	r.edit(p, func(p *profile) {
		if p.Annotations == nil {
			p.Annotations = map[string]string{}
		}
		p.Annotations[v1alpha1.ReconcileRequestAnnotation] = request
	})
	return r.until(p, "waiting for the read", func(p *profile) error {
		if p.Status.LastHandledReconcileRequest != request {
			return errors.New("not handled yet")
		}
		return nil
	})
}

// gone deletes the profile and waits until Kubernetes has let it go.
func (r *rig) gone(p *profile) {
	r.t.Helper()
	if err := kube.Delete(r.ctx, p); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("waiting for the deletion", func() error {
		err := kube.Get(r.ctx, client.ObjectKeyFromObject(p), p)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("still there\n%s", describe(p))
		}
		return err
	})
}

// pass runs one more pass over the profile, here and now.
func (r *rig) pass(p *profile) {
	r.t.Helper()
	if _, err := profiles.Reconcile(r.ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}); err != nil {
		r.t.Fatal(err)
	}
}

func condition(p *profile, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(p.Status.Conditions, kind); c != nil {
		return *c
	}
	return metav1.Condition{Type: kind, Status: "(absent)"}
}

// describe prints a status for a failing test.
func describe(p *profile) string {
	var b strings.Builder
	for _, c := range p.Status.Conditions {
		fmt.Fprintf(&b, "  %s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}
	for _, d := range p.Status.Drift {
		fmt.Fprintf(&b, "  drift %s %s: desired %q, observed %q, %s, %s\n", d.Resource, d.Path, d.Desired, d.Observed, d.Severity, d.Action)
	}
	for _, o := range p.Status.Resources {
		fmt.Fprintf(&b, "  %s/%s %s %s %s\n", o.Kind, o.Name, o.State, o.Origin, o.ARN)
	}
	return b.String()
}

// checkStatus holds what is true of every status at every time: the rules of kstatus, and the contract of api.md.
func (r *rig) checkStatus(p *profile) {
	r.t.Helper()
	if p.Status.ObservedGeneration == 0 {
		return // not seen yet
	}
	reconciling, stalled := condition(p, v1alpha1.ReconcilingCondition), condition(p, v1alpha1.StalledCondition)
	switch {
	case condition(p, v1alpha1.ReadyCondition).Status == "(absent)", condition(p, v1alpha1.DriftedCondition).Status == "(absent)":
		r.t.Errorf("Ready and Drifted must always be there:\n%s", describe(p))
	case reconciling.Status == metav1.ConditionTrue && stalled.Status == metav1.ConditionTrue:
		r.t.Errorf("Reconciling and Stalled are both True:\n%s", describe(p))
	case reconciling.Status == metav1.ConditionFalse || stalled.Status == metav1.ConditionFalse:
		r.t.Errorf("Reconciling and Stalled may be there only while True:\n%s", describe(p))
	case condition(p, v1alpha1.ReadyCondition).Status == metav1.ConditionTrue && (stalled.Status == metav1.ConditionTrue || reconciling.Status == metav1.ConditionTrue):
		r.t.Errorf("Ready is True while Reconciling or Stalled:\n%s", describe(p))
	case p.Status.DriftCount == nil:
		r.t.Errorf("driftCount must always be there")
	}
	for _, c := range p.Status.Conditions {
		if leak := leaks(c.Message); leak != "" {
			r.t.Errorf("condition %s shows %s: %s", c.Type, leak, c.Message)
		}
	}
}

// leaks finds what must never be shown: request ids and credentials.
func leaks(text string) string {
	for _, secret := range []string{"RequestID", "request id", "5157-4000-8000", "AKIA", "X-Amz", "secret"} {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

// writes lists the operator's writing calls, as actions.
func (r *rig) writes() []string {
	var list []string
	for _, c := range r.sim.Calls() {
		if c.Write && c.Caller == operatorCaller {
			list = append(list, c.Action())
		}
	}
	return list
}

// silent checks that a pass writes nothing: to AWS, or to Kubernetes.
func (r *rig) silent(p *profile) {
	r.t.Helper()
	version := r.get(p).ResourceVersion
	r.sim.ResetCalls()
	r.pass(p)
	if after := r.get(p).ResourceVersion; after != version {
		r.t.Errorf("a pass over an unchanged profile wrote to Kubernetes: %s, then %s\n%s", version, after, describe(p))
	}
	r.read(p) // a pass by itself may be answered by what was read before
	if w := r.writes(); len(w) > 0 {
		r.t.Errorf("a pass over an unchanged profile wrote to AWS: %q", w)
	}
	if len(r.sim.Calls()) == 0 {
		r.t.Error("the pass read nothing: it proves nothing")
	}
}

// driftPaths lists resource and path of the drift in status.
func driftPaths(p *profile) []string {
	paths := []string{}
	for _, d := range p.Status.Drift {
		paths = append(paths, d.Resource+" "+d.Path)
	}
	slices.Sort(paths)
	return paths
}

// readyOnes makes small profiles, waits until they are ready, and returns their requests by name.
func (r *rig) readyOnes(names ...string) map[string]ctrl.Request {
	r.t.Helper()
	requests := map[string]ctrl.Request{}
	for _, name := range names {
		p := r.small(name)
		r.create(p)
		r.ready(p)
		requests[name] = ctrl.Request{NamespacedName: client.ObjectKeyFromObject(p)}
	}
	return requests
}

// justStarted is another operator of the same installation, which has nothing yet to answer a pass with.
func justStarted() *pass.Reconciler {
	return (&pass.Operator{
		Client: profiles.Client, API: kube, Installation: profiles.Installation, Workload: profiles.Workload, Accounts: profiles.Accounts,
		Metrics: profiles.Metrics, Timing: profiles.Timing, OperatorID: operatorID, Concurrency: 1, ReadShared: true,
	}).Reconciler(kinds.FargateSecurityProfile, profiles.Recorder)
}
