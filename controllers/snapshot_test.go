// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// view finds what carries an owner tag.
func (r *rig) view() *inventory.View {
	return inventory.NewView(r.aws, time.Now, resource.OwnerTag)
}

func (r *rig) keyState(arn string) string {
	r.t.Helper()
	out, err := r.aws.KMS.DescribeKey(r.ctx, &kms.DescribeKeyInput{KeyId: &arn})
	if err != nil {
		r.t.Fatal(err)
	}
	return string(out.KeyMetadata.KeyState)
}

// snapshot is everything in AWS that a profile may touch, as text, but for the owner tags. What the test did not
// expect to change must give the same text.
func (r *rig) snapshot() string {
	r.t.Helper()
	var lines []string
	add := func(what string, v any, err error) {
		if err != nil {
			r.t.Fatalf("snapshot of %s: %v", what, err)
		}
		text, err := json.Marshal(v)
		must(err)
		lines = append(lines, what+" "+string(text))
	}
	for pages := iam.NewGetAccountAuthorizationDetailsPaginator(r.aws.IAM, &iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole}}); pages.HasMorePages(); {
		page, err := pages.NextPage(r.ctx)
		r.did(page, err)
		for _, role := range page.RoleDetailList {
			role.Tags = slices.DeleteFunc(role.Tags, func(t iamtypes.Tag) bool { return isOwnerTag(*t.Key) })
			add("role", role, nil)
		}
	}
	for pages := ec2.NewDescribeSecurityGroupsPaginator(r.aws.EC2, &ec2.DescribeSecurityGroupsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(r.ctx)
		r.did(page, err)
		for _, g := range page.SecurityGroups {
			g.Tags = slices.DeleteFunc(g.Tags, func(t ec2types.Tag) bool { return isOwnerTag(*t.Key) })
			add("group", g, nil)
		}
	}
	logGroups, err := r.aws.Logs.DescribeLogGroups(r.ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	add("logGroups", logGroups.LogGroups, err)
	aliases, err := r.aws.KMS.ListAliases(r.ctx, &kms.ListAliasesInput{})
	add("aliases", aliases.Aliases, err)
	for _, a := range aliases.Aliases {
		policy, err := r.aws.KMS.GetKeyPolicy(r.ctx, &kms.GetKeyPolicyInput{KeyId: a.TargetKeyId})
		add("key policy of "+*a.AliasName, policy.Policy, err)
	}
	names, err := r.aws.EKS.ListFargateProfiles(r.ctx, &eks.ListFargateProfilesInput{ClusterName: aws.String("prod")})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, name := range names.FargateProfileNames {
		p, err := r.aws.EKS.DescribeFargateProfile(r.ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &name})
		if err == nil {
			maps.DeleteFunc(p.FargateProfile.Tags, func(k, _ string) bool { return isOwnerTag(k) })
		}
		add("profile "+name, p.FargateProfile, err)
	}
	return strings.Join(lines, "\n")
}

func isOwnerTag(key string) bool { return strings.HasPrefix(key, "fargatesecurity.io/") }
