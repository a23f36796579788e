// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// folding is an IAM that finds a role by its name in any letters.
type folding struct{ awsapi.IAM }

func (f folding) GetRole(ctx context.Context, in *iam.GetRoleInput, opts ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	if strings.EqualFold(*in.RoleName, "Payments-Fargate") {
		in.RoleName = aws.String("Payments-Fargate")
	}
	return f.IAM.GetRole(ctx, in, opts...)
}

// A role in other letters is seen, and not taken for the declared one, whether IAM's reads tell letters apart or not.
func TestRoleInOtherLetters(t *testing.T) {
	for _, folds := range []bool{false, true} {
		t.Run(fmt.Sprint("IAM folds: ", folds), func(t *testing.T) {
			f := newFixture(t)
			must[*iam.CreateRoleOutput](t)(f.iam.CreateRole(context.Background(), &iam.CreateRoleInput{
				RoleName: aws.String("Payments-Fargate"), AssumeRolePolicyDocument: aws.String(nodeTrust),
				Tags: []types.Tag{{Key: aws.String(resource.OwnerTag), Value: aws.String("somebody")}},
			}))
			if folds {
				f.aws.IAM = folding{f.aws.IAM}
			}
			r := f.role(declared())
			r.FindTwins(func(_ context.Context, name string) (string, error) {
				if name != "payments-fargate" || folds {
					t.Errorf("asked for a twin of %s", name)
				}
				return "Payments-Fargate", nil
			})
			o := f.observe(r)
			if o.Exists || o.Twin == nil || o.Twin.ARN != "arn:aws:iam::111122223333:role/Payments-Fargate" || o.Twin.Tags[resource.OwnerTag] != "somebody" {
				t.Errorf("observed %+v, twin %+v", o, o.Twin)
			}
			if left := f.observe(Leftover(f.aws.IAM, f.aws.EKS, "prod", "payments-fargate")); left.Exists {
				t.Error("a role in other letters is taken for the leftover, and would be deleted in its place")
			}
			must[*iam.DeleteRoleOutput](t)(f.iam.DeleteRole(context.Background(), &iam.DeleteRoleInput{RoleName: aws.String("Payments-Fargate")}))
			if !folds { // what is remembered of it is outdated
				if o := f.observe(r); o.Twin != nil {
					t.Errorf("a role that is gone stands in the way: %+v", o.Twin)
				}
			}
		})
	}
}

func TestNoTwinIsLookedForWhereTheRoleIs(t *testing.T) {
	f := newFixture(t)
	r := f.created(declared())
	r.FindTwins(func(context.Context, string) (string, error) { t.Error("looked for a twin"); return "", nil })
	if o := f.observe(r); !o.Exists || o.Twin != nil {
		t.Errorf("observed %+v", o)
	}
}

func TestQuotasOfARole(t *testing.T) {
	arns := func(n int, name string) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("arn:aws:iam::aws:policy/%s%d", name, i))
		}
		return list
	}
	attached := func(arns ...string) (list []observed.ManagedPolicy) {
		for _, arn := range arns {
			list = append(list, observed.ManagedPolicy{ARN: arn})
		}
		return list
	}
	text := func(n int) string { return strings.Repeat("x ", n) }
	for name, c := range map[string]struct {
		d    Desired
		role observed.Role
		path string // "": no problem
		says string
	}{
		"as many as AWS allows":  {Desired{ManagedPolicyARNs: arns(10, "p"), RemoveUnlisted: true}, observed.Role{}, "", ""},
		"one more":               {Desired{ManagedPolicyARNs: arns(11, "p"), RemoveUnlisted: true}, observed.Role{}, "managedPolicies", "lists 11 policies, and AWS lets a role of this account have 10"},
		"all of them attached":   {Desired{ManagedPolicyARNs: arns(11, "p")}, observed.Role{ManagedPolicies: attached(arns(11, "p")...)}, "", ""},
		"as many others":         {Desired{ManagedPolicyARNs: arns(11, "p"), RemoveUnlisted: true}, observed.Role{ManagedPolicies: attached(arns(11, "q")...)}, "", ""},
		"others that are to go":  {Desired{ManagedPolicyARNs: arns(9, "p"), RemoveUnlisted: true}, observed.Role{ManagedPolicies: attached(arns(3, "q")...)}, "", ""},
		"others that stay":       {Desired{ManagedPolicyARNs: arns(9, "p")}, observed.Role{ManagedPolicies: attached(arns(3, "q")...)}, "managedPolicies", "which are 12 together with those on the role"},
		"inline that stays":      {Desired{InlinePolicies: map[string]string{"a": text(6000)}}, observed.Role{InlinePolicies: map[string]string{"theirs": text(4241)}}, "inlinePolicies", "have 4241 (theirs), while IAM allows 10240"},
		"inline that just fits":  {Desired{InlinePolicies: map[string]string{"a": text(6000)}}, observed.Role{InlinePolicies: map[string]string{"theirs": text(4240)}}, "", ""},
		"inline that is to go":   {Desired{InlinePolicies: map[string]string{"a": text(6000)}, RemoveUnlisted: true}, observed.Role{InlinePolicies: map[string]string{"theirs": text(9000)}}, "", ""},
		"inline that is written": {Desired{InlinePolicies: map[string]string{"a": text(6000)}}, observed.Role{InlinePolicies: map[string]string{"theirs": text(9000), "a": text(6000)}}, "", ""},
	} {
		c.d.MaxManagedPolicies = 10
		problems := quotaProblems(resource.ID{Kind: Kind, Name: "pods"}, c.d, c.role)
		if c.path == "" && len(problems) == 0 {
			continue
		}
		if len(problems) != 1 || problems[0].Path != c.path || problems[0].Reason != "QuotaExceeded" || !strings.Contains(problems[0].Message, c.says) {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}
