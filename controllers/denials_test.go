// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// TestAnExplicitDenyOfAnSCP: no change to the operator's policy would help, so none is advised; when the SCP goes, the work
// goes on.
func TestAnExplicitDenyOfAnSCP(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sim.DenyBecause("iam:CreateRole", "with an explicit deny in a service control policy")
	p := r.full()
	r.create(p)
	r.stalled(p, "AccessDenied", "iam:CreateRole", "with an explicit deny in a service control policy", "(SCP) of the organization")
	if c := condition(p, v1alpha1.StalledCondition); strings.Contains(c.Message, "docs/iam.md") {
		t.Errorf("the message still blames the operator's policy: %s", c.Message)
	}
	r.sim.Allow("iam:CreateRole")
	r.ready(p)
}

// TestKeysInARegionThatIsNotEnabled: the account says which Region, and goes on by itself when it is enabled.
func TestKeysInARegionThatIsNotEnabled(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(a *v1alpha1.AWSAccount) { a.Spec.Region = "af-south-1" })
	r.sim.DisableRegion(awssim.DefaultAccount, "af-south-1")
	r.editAccount(func(a *v1alpha1.AWSAccount) {
		a.Annotations = map[string]string{v1alpha1.ReconcileRequestAnnotation: "now"}
	})
	r.untilAccount("Ready", metav1.ConditionFalse, "CredentialsRefused", "Region af-south-1", "enable-region", "renew them")
	r.sim.EnableRegion(awssim.DefaultAccount, "af-south-1")
	r.untilAccount("Ready", metav1.ConditionTrue, v1alpha1.ReasonReady)
}
