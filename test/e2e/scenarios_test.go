// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// adoption: what was there before is taken over when the profile says so, kept as declared, and stays, without our tags,
// when the profile goes.
func (s *suite) adoption(t *testing.T) {
	w := s.newWorld(t, "adopt")
	role, group, logs := w.Name+"-payments-fargate", "payments-pods", "/aws/eks/"+w.Name+"/fargate/payments"
	s.makeByHand(t, w, role, group, logs)
	manifest := s.manifest(w)
	// A key of ours must not encrypt what outlives it.
	manifest, _, _ = strings.Cut(manifest, "  encryption:")

	mark := s.proxy.mark()
	s.apply(t, manifest)
	s.untilStalled(t, w, "payments", v1alpha1.ReasonNotOwned)
	if wrote := s.proxy.writesSince(mark); len(wrote) > 0 {
		t.Errorf("adoption is refused by default, yet the operator wrote: %q", wrote)
	}
	s.cluster.kubectl(t, "patch", "fsp/payments", "-n", w.Namespace, "--type=merge", "-p", `{"spec":{"adoptionPolicy":"Adopt"}}`)
	p := s.waitReady(t, w, "payments")
	for _, r := range p.Status.Resources {
		if want := map[string]v1alpha1.Origin{"IAMRole": "Adopted", "SecurityGroup": "Adopted", "LogGroup": "Adopted", "FargateProfile": "Created"}[r.Kind]; want != "" && r.Origin != want {
			t.Errorf("%s/%s is %s, want %s", r.Kind, r.Name, r.Origin, want)
		}
	}
	owner := s.operatorID(t) + "/" + w.Namespace + "/payments"
	for kind, tags := range s.tagsByHand(t, w, role, group, logs) {
		if tags[ownerTag] != owner || tags[originTag] != "Adopted" || tags["made-by"] != "hand" || tags["team"] != "payments" {
			t.Errorf("the %s has the tags %v, want ours beside the old ones", kind, tags)
		}
	}
	ports := s.openPorts(t, w, group)
	if !slices.Equal(ports, []int32{8443, 9090}) {
		t.Errorf("the adopted group lets in %v, want what is declared", ports)
	}

	s.deleteProfile(t, w, "payments")
	for kind, tags := range s.tagsByHand(t, w, role, group, logs) {
		for key := range tags {
			if strings.HasPrefix(key, "fargatesecurity.io/") {
				t.Errorf("the released %s keeps the tag %s", kind, key)
			}
		}
		if tags["made-by"] != "hand" {
			t.Errorf("the released %s lost a tag that is not ours: %v", kind, tags)
		}
	}
	if ports := s.openPorts(t, w, group); !slices.Equal(ports, []int32{8443, 9090}) {
		t.Errorf("the released group lets in %v: a release must change nothing but tags", ports)
	}
	_, err := s.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &w.Name, FargateProfileName: aws.String("payments")})
	wantCode(t, "the Fargate profile, which was created", err, "ResourceNotFoundException")
}

// makeByHand makes what a person might have made before.
func (s *suite) makeByHand(t *testing.T, w *world, role, group, logs string) {
	t.Helper()
	_, err := s.backend.iam.CreateRole(background(), &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: aws.String(trustOf("eks-fargate-pods.amazonaws.com")),
		Tags: []iamtypes.Tag{{Key: aws.String("made-by"), Value: aws.String("hand")}}})
	did(t, nil, err)
	_, err = s.backend.ec2.CreateSecurityGroup(background(), &ec2.CreateSecurityGroupInput{GroupName: &group, Description: aws.String("payments pods"), VpcId: &w.VPC,
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: aws.String("made-by"), Value: aws.String("hand")}}}}})
	did(t, nil, err)
	_, err = s.backend.ec2.AuthorizeSecurityGroupIngress(background(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: aws.String(s.group(t, w, group)),
		IpPermissions: []ec2types.IpPermission{cidrRule(22, "10.0.0.0/8")}})
	did(t, nil, err)
	_, err = s.backend.logs.CreateLogGroup(background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &logs, Tags: map[string]string{"made-by": "hand"}})
	did(t, nil, err)
}

// tagsByHand reads the tags of what was made by hand.
func (s *suite) tagsByHand(t *testing.T, w *world, role, group, logs string) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{"role": {}, "group": {}}
	r, err := s.backend.iam.GetRole(background(), &iam.GetRoleInput{RoleName: &role})
	did(t, r, err)
	for _, tag := range r.Role.Tags {
		all["role"][*tag.Key] = *tag.Value
	}
	g, err := s.backend.ec2.DescribeSecurityGroups(background(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{s.group(t, w, group)}})
	did(t, g, err)
	for _, tag := range g.SecurityGroups[0].Tags {
		all["group"][*tag.Key] = *tag.Value
	}
	l, err := s.backend.logs.ListTagsForResource(background(), &cloudwatchlogs.ListTagsForResourceInput{
		ResourceArn: aws.String("arn:aws:logs:" + region + ":" + account + ":log-group:" + logs)})
	did(t, l, err)
	all["log group"] = l.Tags
	return all
}

func (s *suite) openPorts(t *testing.T, w *world, group string) []int32 {
	t.Helper()
	var ports []int32
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(s.backend.ec2, &ec2.DescribeSecurityGroupRulesInput{Filters: groupFilter(aws.String(s.group(t, w, group)))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(t, page, err)
		for _, rule := range page.SecurityGroupRules {
			if !aws.ToBool(rule.IsEgress) {
				ports = append(ports, aws.ToInt32(rule.FromPort))
			}
		}
	}
	slices.Sort(ports)
	return ports
}

// killed: the operator dies the moment AWS has made the key and before it learns of it. Its successor finds the key,
// makes the rest, and makes nothing twice.
func (s *suite) killed(t *testing.T) {
	w := s.newWorld(t, "crash")
	mark := s.proxy.mark()
	died := make(chan struct{})
	var once sync.Once
	victim := s.operator
	s.proxy.onAnswer(func(c call) {
		if c.String() == "kms:CreateKey" {
			once.Do(func() { victim.Kill(); close(died) })
		}
	})
	s.apply(t, s.manifest(w))
	until(t, "waiting for the key to be created", func() error {
		select {
		case <-died:
			return nil
		default:
			return errNotYet
		}
	})
	s.proxy.onAnswer(nil)
	if _, err := s.backend.iam.GetRole(background(), &iam.GetRoleInput{RoleName: aws.String(w.Name + "-payments-fargate")}); code(err) != "NoSuchEntity" {
		t.Fatalf("the operator was to be killed before it made the role: %v", err)
	}
	if s.cluster.leaseHolder(t) == "" {
		t.Error("the lease was released by a process that was killed")
	}

	s.operator = s.startOperator(t) // leads when the dead one's lease has run out
	s.waitReady(t, w, "payments")
	counts := map[string]int{}
	for _, c := range s.proxy.since(mark) {
		counts[c.String()]++
	}
	for _, operation := range []string{"kms:CreateKey", "kms:CreateAlias", "logs:CreateLogGroup", "iam:CreateRole", "ec2:CreateSecurityGroup"} {
		if counts[operation] != 1 {
			t.Errorf("%s was called %d times, want once: nothing may be made twice", operation, counts[operation])
		}
	}
	key, err := s.backend.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: aws.String("alias/" + w.Name + "-payments")})
	did(t, key, err)
	keys := slices.DeleteFunc(s.owned(t), func(arn string) bool { return !strings.Contains(arn, ":kms:") })
	if alive := slices.DeleteFunc(keys, func(arn string) bool { return s.keyState(t, arn) != "Enabled" }); !slices.Equal(alive, []string{*key.KeyMetadata.Arn}) {
		t.Errorf("keys of ours that are in use: %q, want only %s", alive, *key.KeyMetadata.Arn)
	}
	s.deleteProfile(t, w, "payments")
	if left := slices.DeleteFunc(s.owned(t), func(arn string) bool {
		return strings.Contains(arn, ":kms:") && s.keyState(t, arn) == "PendingDeletion"
	}); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

func (s *suite) keyState(t *testing.T, arn string) string {
	t.Helper()
	out, err := s.backend.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: &arn})
	did(t, out, err)
	return fmt.Sprint(out.KeyMetadata.KeyState)
}

// lastPart is what follows the last / or : of an ARN.
func lastPart(arn string) string {
	arn = strings.TrimSuffix(arn, ":*")
	return arn[strings.LastIndexAny(arn, "/:")+1:]
}
