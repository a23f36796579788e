// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/pass"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// What one full read may cost, in calls to AWS per profile (issue: inventory), and how much less that must be than object
// by object. The counts are exact: the clock is driven, and nothing is retried.
const (
	mostCallsPerRead  = 4.5
	leastRatioOfReads = 4.0
	manyProfiles      = 60
	manyClusters      = 6
)

// TestCallsPerProfile counts what it costs to read profiles with all sections, shared and object by object.
func TestCallsPerProfile(t *testing.T) {
	w := manyReady(t)
	shared := w.callsPerRead(t, true)
	objects := w.callsPerRead(t, false)
	told(fmt.Sprintf("calls per profile and full read, %d profiles in %d clusters: %.2f; object by object %.2f, %.1f times as many",
		manyProfiles, manyClusters, shared, objects, objects/shared))
	if shared > mostCallsPerRead {
		t.Errorf("%.2f calls per profile, at most %.1f are allowed", shared, mostCallsPerRead)
	}
	if objects/shared < leastRatioOfReads {
		t.Errorf("object by object takes %.1f times as many calls, not %.1f", objects/shared, leastRatioOfReads)
	}
}

// mostCallsToCreate is what a profile with all sections may cost from nothing to Ready. ACK's five controllers take 56
// calls for the same objects (measured in November 2026, two cores, moto).
const mostCallsToCreate = 25.0

// TestCallsToCreate counts what it costs to create profiles with all sections, each in a cluster of its own. (The harness
// has no controller that wakes those that wait for their turn in a cluster.)
func TestCallsToCreate(t *testing.T) {
	const profiles = 30
	w := newWorld(1)
	t.Cleanup(w.stop)
	w.sim.SetDelays(awssim.Delays{})
	i := w.installs[0]
	i.shared = true
	for n := range profiles {
		must(w.sim.Seed(awssim.Seed{Clusters: []awssim.SeedCluster{{Name: fmt.Sprintf("cluster-%d", n), Version: "1.35", Subnets: []string{"subnet-0a", "subnet-0b"}}}}))
		spec := fullSpec(n)
		spec.ClusterName = fmt.Sprintf("cluster-%d", n)
		must(i.kube.create(fmt.Sprintf("profile-%03d", n), spec))
	}
	w.sim.ResetCalls()
	for range 6 {
		w.round()
		w.clock.Advance(between)
	}
	calls := float64(len(w.sim.Calls())) / profiles
	for _, name := range i.kube.names() {
		if p := i.kube.get(name); !meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition) {
			t.Fatal(describe(name, p))
		}
	}
	told(fmt.Sprintf("calls to create a profile: %.2f", calls))
	if calls > mostCallsToCreate {
		t.Errorf("%.2f calls per profile, at most %.0f are allowed", calls, mostCallsToCreate)
	}
}

// manyReady is a world with many profiles, all ready.
func manyReady(t *testing.T) *world {
	t.Helper()
	w := newWorld(1)
	t.Cleanup(w.stop)
	w.sim.SetDelays(awssim.Delays{}) // all profiles of a cluster are made in one round
	i := w.installs[0]
	for n := range manyClusters {
		must(w.sim.Seed(awssim.Seed{Clusters: []awssim.SeedCluster{{Name: fmt.Sprintf("cluster-%d", n), Version: "1.35", Subnets: []string{"subnet-0a", "subnet-0b"}}}}))
	}
	for n := range manyProfiles {
		must(i.kube.create(fmt.Sprintf("profile-%03d", n), fullSpec(n)))
	}
	if err := w.settle(); err != nil {
		t.Fatal(err)
	}
	for _, name := range i.kube.names() {
		if p := i.kube.get(name); !meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ReadyCondition) {
			t.Fatal(describe(name, p))
		}
	}
	return w
}

// callsPerRead counts the calls of one interval in the steady state, in which nothing may be written.
func (w *world) callsPerRead(t *testing.T, shared bool) float64 {
	t.Helper()
	i := w.installs[0]
	i.shared, i.operators = shared, [2]*pass.Reconciler{}
	w.round() // a new operator looks for owner tags, and learns what a sweep costs
	w.clock.Advance(5 * time.Minute)
	w.sim.ResetCalls()
	before := w.wrote
	w.round()
	if w.wrote != before {
		t.Errorf("shared %v: %d writes", shared, w.wrote-before)
	}
	return float64(len(w.sim.Calls())) / manyProfiles
}

// fullSpec is a profile with every section, in one of the clusters.
func fullSpec(n int) *v1alpha1.FargateSecurityProfileSpec {
	own := fmt.Sprintf("p%03d", n)
	return &v1alpha1.FargateSecurityProfileSpec{
		DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: accountName}}, ClusterName: fmt.Sprintf("cluster-%d", n%manyClusters),
		FargateProfile:   v1alpha1.FargateProfileSpec{Selectors: []v1alpha1.ProfileSelector{{Namespace: own}}, SubnetIDs: []string{"subnet-0a"}},
		PodExecutionRole: v1alpha1.PodExecutionRoleSpec{InlinePolicies: []v1alpha1.InlinePolicy{{Name: "pull", Document: pullCache}}},
		SecurityGroups: []v1alpha1.SecurityGroupSpec{{
			Name:    own,
			Ingress: []v1alpha1.SecurityGroupRule{{Protocol: "tcp", FromPort: aws.Int32(8443), ToPort: aws.Int32(8443), CIDR: "10.0.0.0/16"}},
			Egress:  []v1alpha1.SecurityGroupRule{{Protocol: "tcp", FromPort: aws.Int32(443), ToPort: aws.Int32(443), CIDR: "10.0.0.0/8"}},
		}},
		PodSecurityGroups: &v1alpha1.PodSecurityGroupsSpec{Namespace: podNamespace, PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": own}}},
		Logging:           &v1alpha1.LoggingSpec{LogGroup: v1alpha1.LogGroupSpec{RetentionDays: aws.Int32(90)}},
		Encryption:        &v1alpha1.EncryptionSpec{KMSKey: &v1alpha1.KMSKeySpec{Alias: "alias/" + own}},
	}
}
