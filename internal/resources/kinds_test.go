// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
)

// sample is an object of a kind that does not exist.
type sample struct {
	// arn is as the Tagging API or IAM gives it, name as OfARN reads it.
	arn, name string
	// left is the name of the leftover that is made from them.
	left string
	// silent: no event tells of such an object.
	silent bool
}

// samples has one of each kind: a kind without one is not tested at all, and so fails.
var samples = map[string]sample{
	"EKSCluster": {},
	"KMSKey": {arn: "arn:aws:kms:eu-west-1:111122223333:key/0f0f0f0f-0000-4000-8000-000000000000",
		name: "0f0f0f0f-0000-4000-8000-000000000000", left: "0f0f0f0f-0000-4000-8000-000000000000"},
	"LogGroup":            {arn: "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/prod/x:*", name: "/aws/eks/prod/x", left: "/aws/eks/prod/x"},
	"IAMRole":             {arn: "arn:aws:iam::111122223333:role/team/pods", name: "pods", left: "pods"},
	"SecurityGroup":       {arn: "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0123456789abcdef0", name: "sg-0123456789abcdef0", left: "sg-0123456789abcdef0"},
	"SecurityGroupPolicy": {name: "team/payments", left: "team/payments", silent: true},
	"FargateProfile":      {arn: "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/payments/a-uuid", name: "prod/payments", left: "payments"},
}

// env is an account in which there is nothing.
func env(t *testing.T) *awsobject.Env {
	sim := awssim.New(awssim.Options{})
	if err := sim.Seed(awssim.DefaultSeed()); err != nil {
		t.Fatal(err)
	}
	url, stop := sim.Start()
	t.Cleanup(stop)
	scope := awsapi.Scope{Partition: "aws", AccountID: awssim.DefaultAccount, Region: awssim.DefaultRegion}
	kinds := map[schema.GroupVersionResource]string{podsecuritygroups.GVR: "SecurityGroupPolicyList"}
	shared := resources.SharedByAccount(time.Now)
	maps.Copy(shared, resources.SharedByProcess(dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds), time.Now))
	return &awsobject.Env{Account: &awsapi.Account{Scope: scope, Clients: awstest.Clients(t, url)}, Cluster: "prod", Shared: shared}
}

// TestEveryKindIsComplete: what generic code needs of a kind, and what nobody would miss until an object of it stays in AWS for
// ever, or its changes are seen late.
func TestEveryKindIsComplete(t *testing.T) {
	account := env(t)
	for _, kind := range resources.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			s, ok := samples[kind.Name]
			if !ok {
				t.Fatal("has no sample in this test")
			}
			if !s.silent && (kind.Events == nil || len(kind.Events("name", "arn", "cluster")) == 0) {
				t.Error("has no Events: a change of such an object would be seen at the next periodic read only")
			}
			if !kind.Owned {
				return
			}
			if kind.Search == nil && kind.ARNType == "" {
				t.Error("is found by its owner tag neither by an ARNType nor by a Search: with a lost status it stays in AWS for ever")
			}
			if kind.ARNType != "" && !slices.Contains(inventory.FoundByTag(), kind.ARNType) {
				t.Errorf("the inventory does not look for %s by owner tags: with a lost status it stays in AWS for ever", kind.ARNType)
			}
			named(t, kind, s)
			leftover(t, account, kind, s)
		})
	}
}

// named: an ARN leads to the kind and the name, and to no other kind.
func named(t *testing.T, kind *awsobject.Kind, s sample) {
	if kind.ARNType == "" {
		return
	}
	if found, name := resources.OfARN(s.arn); found != kind || name != s.name {
		t.Errorf("%s is read as %v %q, want %s %q", s.arn, found, name, kind.Name, s.name)
	}
}

// leftover: one that is gone in AWS is seen to be gone, which takes the right error codes too, and is never waited for.
func leftover(t *testing.T, account *awsobject.Env, kind *awsobject.Kind, s sample) {
	left := resources.Leftover(account, kind.Name, s.name, s.arn)
	if left == nil {
		t.Fatal("has no Leftover: one that leaves the spec is dropped from status and stays in AWS for ever")
	}
	if want := (resource.ID{Kind: kind.Name, Name: s.left}); left.ID() != want {
		t.Errorf("its leftover is %s, want %s", left.ID(), want)
	}
	if left.Hash() != "" {
		t.Error("its leftover declares something")
	}
	seen, err := left.Observe(t.Context(), resource.Values{})
	if err != nil || seen.Exists {
		t.Errorf("one that is not in AWS is seen as %+v, %v: an error of its own for what is not found is missing", seen, err)
	}
}

// TestNoKindTwice: by its name or by its ARNs.
func TestNoKindTwice(t *testing.T) {
	names := resources.Order()
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("%v", names)
	}
	for name := range samples {
		if resources.Find(name) == nil {
			t.Errorf("%s has a sample and is no kind", name)
		}
	}
	types := map[string]string{}
	for _, k := range resources.Kinds {
		if other := types[k.ARNType]; other != "" && k.ARNType != "" {
			t.Errorf("%s and %s have the same ARNs", other, k.Name)
		}
		types[k.ARNType] = k.Name
	}
	if kind, name := resources.OfARN("arn:aws:s3:::bucket"); kind != nil {
		t.Errorf("a bucket is taken for %s %s", kind.Name, name)
	}
	if kind, _ := resources.OfARN("no ARN"); kind != nil {
		t.Errorf("no ARN is taken for a %s", kind.Name)
	}
	if resources.Leftover(env(t), "Unknown", "x", "") != nil || resources.Events("Unknown", "x", "", "") != nil {
		t.Error("a kind that this version does not know has a leftover or events")
	}
}
