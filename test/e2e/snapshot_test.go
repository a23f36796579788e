// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/canonical"
)

// state is what AWS answers about everything that belongs to a profile, one field a line: path and value. Ids are
// replaced by names, times are left out; policy documents are in canonical form.
type state map[string]string

func (s state) String() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "%s = %s\n", path, s[path])
	}
	return b.String()
}

// awsState reads the objects of the profile payments of a world, each by its own service.
func (s *suite) awsState(t *testing.T, w *world) state {
	t.Helper()
	r := &reader{t: t, s: s, w: w, state: state{}, names: []string{
		w.VPC, "<vpc>", w.Private[0], "<subnet a>", w.Private[1], "<subnet b>", s.operatorID(t), "<operator>", s.operatorID(t)[:8], "<installation>",
	}}
	r.role(w.Name + "-payments-fargate")
	r.groups()
	r.key("alias/" + w.Name + "-payments")
	r.logGroup("/aws/eks/" + w.Name + "/fargate/payments")
	profile, err := s.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &w.Name, FargateProfileName: aws.String("payments")})
	did(t, profile, err)
	r.add("profile", profile.FargateProfile)
	out := state{}
	for path, value := range r.state {
		out[path] = r.named(value)
	}
	return out
}

// reader collects what AWS answers.
type reader struct {
	t     *testing.T
	s     *suite
	w     *world
	state state
	names []string // of ids: old, new, old, new, ...
}

func (r *reader) role(name string) {
	b := r.s.backend
	role, err := b.iam.GetRole(background(), &iam.GetRoleInput{RoleName: &name})
	did(r.t, role, err)
	r.add("role", role.Role)
	attached, err := b.iam.ListAttachedRolePolicies(background(), &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	did(r.t, attached, err)
	r.add("role.attached", attached.AttachedPolicies)
	inline, err := b.iam.ListRolePolicies(background(), &iam.ListRolePoliciesInput{RoleName: &name})
	did(r.t, inline, err)
	for _, policy := range inline.PolicyNames {
		document, err := b.iam.GetRolePolicy(background(), &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
		did(r.t, document, err)
		r.add("role.inline."+policy, aws.ToString(document.PolicyDocument))
	}
}

// groups reads the groups of the world's VPC that EC2 and EKS did not make themselves.
func (r *reader) groups() {
	b := r.s.backend
	pages := ec2.NewDescribeSecurityGroupsPaginator(b.ec2, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{r.w.VPC}}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(r.t, page, err)
		for _, g := range page.SecurityGroups {
			name := aws.ToString(g.GroupName)
			if name == "default" || strings.HasPrefix(name, "eks-cluster-sg-") {
				continue
			}
			r.names = append(r.names, *g.GroupId, "<"+name+">")
			g.IpPermissions, g.IpPermissionsEgress = nil, nil // the rules say more
			r.add("group."+name, g)
			r.rules("group."+name, *g.GroupId)
		}
	}
}

func (r *reader) rules(path, id string) {
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.s.backend.ec2, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{id}}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(r.t, page, err)
		for _, rule := range page.SecurityGroupRules {
			direction := "ingress"
			if aws.ToBool(rule.IsEgress) {
				direction = "egress"
			}
			rule.SecurityGroupRuleId = nil
			r.add(fmt.Sprintf("%s.%s[%s/%d]", path, direction, aws.ToString(rule.IpProtocol), aws.ToInt32(rule.FromPort)), rule)
		}
	}
}

func (r *reader) key(alias string) {
	b := r.s.backend
	key, err := b.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: &alias})
	did(r.t, key, err)
	id := key.KeyMetadata.KeyId
	r.names = append(r.names, *id, "<key>")
	r.add("key", key.KeyMetadata)
	policy, err := b.kms.GetKeyPolicy(background(), &kms.GetKeyPolicyInput{KeyId: id, PolicyName: aws.String("default")})
	did(r.t, policy, err)
	r.add("key.policy", aws.ToString(policy.Policy))
	rotation, err := b.kms.GetKeyRotationStatus(background(), &kms.GetKeyRotationStatusInput{KeyId: id})
	did(r.t, rotation, err)
	r.add("key.rotation", rotation)
	tags, err := b.kms.ListResourceTags(background(), &kms.ListResourceTagsInput{KeyId: id})
	did(r.t, tags, err)
	more := tags
	for more.Truncated {
		more, err = b.kms.ListResourceTags(background(), &kms.ListResourceTagsInput{KeyId: id, Marker: more.NextMarker})
		did(r.t, more, err)
		tags.Tags = append(tags.Tags, more.Tags...)
	}
	r.add("key.tags", tags.Tags)
	aliases, err := b.kms.ListAliases(background(), &kms.ListAliasesInput{KeyId: id})
	did(r.t, aliases, err)
	r.add("key.aliases", aliases.Aliases)
}

func (r *reader) logGroup(name string) {
	groups, err := r.s.backend.logs.DescribeLogGroups(background(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	did(r.t, groups, err)
	if len(groups.LogGroups) != 1 {
		r.t.Fatalf("%d log groups are named %s", len(groups.LogGroups), name)
	}
	r.add("logGroup", groups.LogGroups[0])
	tags, err := r.s.backend.logs.ListTagsForResource(background(), &cloudwatchlogs.ListTagsForResourceInput{
		ResourceArn: aws.String(strings.TrimSuffix(*groups.LogGroups[0].Arn, ":*"))})
	did(r.t, tags, err)
	r.add("logGroup.tags", tags.Tags)
}

// fleeting are fields that differ from object to object, or say when.
var fleeting = regexp.MustCompile(`\.(CreateDate|CreationDate|CreationTime|CreatedAt|LastUpdatedDate|RoleId|RoleLastUsed|NextRotationDate|ResultMetadata|CurrentKeyMaterialId)($|\.)`)

func (r *reader) add(path string, v any) {
	text, err := json.Marshal(v)
	must(err)
	var plain any
	must(json.Unmarshal(text, &plain))
	r.flatten(path, plain)
}

// flatten writes one line for each value that is there.
func (r *reader) flatten(path string, v any) {
	if fleeting.MatchString(path) {
		return
	}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for key, value := range v {
			r.flatten(path+"."+key, value)
		}
	case []any:
		r.list(path, v)
	case string:
		if v != "" {
			r.state[path] = document(v)
		}
	default:
		r.state[path] = fmt.Sprint(v)
	}
}

// list shows tags by their keys, objects by their names, and anything else as a sorted list.
func (r *reader) list(path string, list []any) {
	var rest []string
	for _, one := range list {
		object, _ := one.(map[string]any)
		if key, value, ok := tag(object); ok {
			r.flatten(path+"["+key+"]", value)
			continue
		}
		text, err := json.Marshal(one)
		must(err)
		rest = append(rest, r.named(fleetingPairs.ReplaceAllString(string(text), "")))
	}
	if len(rest) > 0 {
		slices.Sort(rest)
		r.state[path] = strings.Join(rest, " ")
	}
}

var fleetingPairs = regexp.MustCompile(`"(CreationDate|LastUpdatedDate)":("[^"]*"|null),?`)

func tag(object map[string]any) (key string, value any, ok bool) {
	for k, v := range map[string]string{"Key": "Value", "TagKey": "TagValue"} {
		if name, isText := object[k].(string); isText {
			return name, object[v], true
		}
	}
	return "", nil, false
}

// document puts a policy into canonical form, and leaves any other text as it is.
func document(text string) string {
	decoded, err := url.PathUnescape(text)
	if err != nil || !strings.HasPrefix(strings.TrimSpace(decoded), "{") {
		return text
	}
	if policy, err := canonical.Policy(decoded); err == nil {
		return policy
	}
	return decoded
}

var (
	profileARN = regexp.MustCompile(`(:fargateprofile/[^/]+/[^/]+/)[0-9a-zA-Z-]+`)
	ruleARN    = regexp.MustCompile(`:security-group-rule/sgr-[0-9a-f]+`)
)

// named replaces the ids that are known by now.
func (r *reader) named(text string) string {
	text = strings.NewReplacer(r.names...).Replace(text)
	text = profileARN.ReplaceAllString(text, "$1<id>")
	return ruleARN.ReplaceAllString(text, ":security-group-rule/<id>")
}

// operatorID is the default of --operator-id.
func (s *suite) operatorID(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(s.cluster.kubectl(t, "get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"))
}

// differences lists the paths at which two states differ, with both values.
func differences(want, got state) map[string]string {
	out := map[string]string{}
	for path, value := range want {
		if other, ok := got[path]; !ok {
			out[path] = fmt.Sprintf("want %s, is not there", value)
		} else if other != value {
			out[path] = fmt.Sprintf("want %s, is %s", value, other)
		}
	}
	for path, value := range got {
		if _, ok := want[path]; !ok {
			out[path] = fmt.Sprintf("is %s, want nothing there", value)
		}
	}
	return out
}

// sameState fails the test for every field that differs.
func sameState(t *testing.T, what string, want, got state) {
	t.Helper()
	diff := differences(want, got)
	for _, path := range slices.Sorted(maps.Keys(diff)) {
		t.Errorf("%s: %s: %s", what, path, diff[path])
	}
}
