// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"reflect"
	"testing"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// copied returns the same text at another place in memory, as a decoder makes it.
func copied(s string) string { return string([]byte(s)) }

func slimmed(t *testing.T) (before, after *v1alpha1.FargateSecurityProfile) {
	t.Helper()
	profile := linked(copied("a"), copied("one"), copied("pods-a"))
	profile.Namespace = copied(profile.Namespace)
	profile.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
	profile.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: "{}", v1alpha1.ReconcileRequestAnnotation: "now"}
	profile.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: "True", Reason: "Ready", Message: copied("everything is as declared")}}
	profile.Status.Posture = &v1alpha1.Posture{Passed: 1, FailedControls: []string{copied("FSO.1")}}
	profile.Status.TagKeys = []string{copied("team")}
	before = profile.DeepCopy()
	slim, err := Slim()(profile)
	if err != nil {
		t.Fatal(err)
	}
	after, ok := slim.(*v1alpha1.FargateSecurityProfile)
	if !ok {
		t.Fatalf("a profile becomes %T", slim)
	}
	return before, after
}

// TestSlimLeavesOutOnlyWhatNobodyReads: managed fields, and the copy that kubectl apply keeps of the object.
func TestSlimLeavesOutOnlyWhatNobodyReads(t *testing.T) {
	before, after := slimmed(t)
	before.ManagedFields = nil
	delete(before.Annotations, corev1.LastAppliedConfigAnnotation)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("is\n%+v\nand was\n%+v", after, before)
	}
	if _, err := Slim()("an object that the cache has missed the deletion of"); err != nil {
		t.Error(err)
	}
}

// TestSlimKeepsCommonTextsOnce compares addresses: two profiles that were decoded apart have one text.
func TestSlimKeepsCommonTextsOnce(t *testing.T) {
	_, a := slimmed(t)
	_, b := slimmed(t)
	for what, pair := range map[string][2]string{
		"namespace": {a.Namespace, b.Namespace}, "account": {a.Spec.AccountRef.Name, b.Spec.AccountRef.Name},
		"message":        {a.Status.Conditions[0].Message, b.Status.Conditions[0].Message},
		"failed control": {a.Status.Posture.FailedControls[0], b.Status.Posture.FailedControls[0]},
		"tag key":        {a.Status.TagKeys[0], b.Status.TagKeys[0]},
	} {
		if unsafe.StringData(pair[0]) != unsafe.StringData(pair[1]) {
			t.Errorf("%s: %q is kept twice", what, pair[0])
		}
	}
}

// linked is a profile of an account with a role, in a cluster, on a subnet that all share.
func linked(name, account, role string) *v1alpha1.FargateSecurityProfile {
	return &v1alpha1.FargateSecurityProfile{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name},
		Spec: v1alpha1.FargateSecurityProfileSpec{
			DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: account}}, ClusterName: "prod",
			FargateProfile: v1alpha1.FargateProfileSpec{SubnetIDs: []string{"subnet-0a"}},
		},
		Status: v1alpha1.FargateSecurityProfileStatus{DeclarationStatus: v1alpha1.DeclarationStatus{Resources: []v1alpha1.ResourceStatus{
			{Kind: "EKSCluster", Name: "prod"}, {Kind: "IAMRole", Name: role},
			{Kind: "SecurityGroup", Name: "web", ARN: "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-" + name},
		}}},
	}
}
