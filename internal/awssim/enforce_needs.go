// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What a call needs is in the Service Authorization Reference: for each action
// the resource types that it is authorized on, and the further actions that it
// depends on (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
// Where it leaves a choice, or AWS documents nothing, the stricter reading is
// taken here. What knows no resource, or is not modelled, is asked for on "*",
// which only a statement for every resource allows.

// needs lists the permissions that a call takes.
func (s *Sim) needs(c *call) []need {
	n := need{action: actionName(c.Service, c.Operation), resource: "*"}
	switch c.Service {
	case "eks":
		return s.eksNeeds(c, n)
	case "iam":
		return s.iamNeeds(c, n)
	case "ec2":
		return s.ec2Needs(c, n)
	case "kms":
		return s.kmsNeeds(c, n)
	case "logs":
		return s.logsNeeds(c, n)
	case "sts":
		return s.stsNeeds(c)
	case "sqs":
		n.resource = deniedResource(c)
	}
	return []need{n}
}

// stsNeeds: what the role must let the caller do, its own policy must too.
func (s *Sim) stsNeeds(c *call) []need {
	if c.Operation != "AssumeRole" {
		return []need{{action: actionName(c.Service, c.Operation), resource: c.Params.Get("RoleArn")}}
	}
	var list []need
	for _, action := range sessionActions(s, c) {
		list = append(list, need{action: action, resource: c.Params.Get("RoleArn")})
	}
	return list
}

// on is the need for the same action on a resource with these tags.
func (n need) on(resource string, tags map[string]string) need {
	n.resource, n.about = resource, map[string]string{}
	for key, value := range tags {
		n.about["aws:ResourceTag/"+key] = value
	}
	return n
}

// also is another action on the same resource, one that a call depends on.
func (n need) also(action string) need {
	n.action = action
	return n
}

func (s *Sim) eksNeeds(c *call, n need) []need {
	cluster, profile := c.Vars["clusterName"], c.Vars["fargateProfileName"]
	switch {
	case c.Operation == "CreateFargateProfile":
		return s.createProfileNeeds(c, n.on(eksARN(c.Region, c.Account, "cluster", cluster), nil))
	case profile != "":
		if known := s.eks(c).clusters[cluster]; known != nil && known.profiles[profile] != nil {
			return []need{n.on(known.profiles[profile].ARN, known.profiles[profile].Tags)}
		}
		return []need{n.on(eksARN(c.Region, c.Account, "fargateprofile", cluster+"/"+profile+"/*"), nil)}
	case c.Vars["nodegroupName"] != "":
		return []need{n.on(eksARN(c.Region, c.Account, "nodegroup", cluster+"/"+c.Vars["nodegroupName"]+"/*"), nil)}
	case c.Vars["resourceArn"] != "":
		tags, _ := s.eksTags(c)
		return []need{n.on(c.Vars["resourceArn"], tags)}
	case cluster != "":
		return []need{n.on(eksARN(c.Region, c.Account, "cluster", cluster), nil)}
	}
	return []need{n}
}

// passedTo are the services that EKS may pass the pod execution role to. Which
// of them it names is not documented, so both must be allowed: the role trusts
// the first, cluster-api-provider-aws allows the second.
var passedTo = []string{"eks-fargate-pods.amazonaws.com", "eks.amazonaws.com"}

// createProfileNeeds: AWS documents iam:PassRole nowhere; issue 8546 of
// aws/aws-cdk has the refusal. Whether tags are authorized on the profile is unverified.
func (s *Sim) createProfileNeeds(c *call, n need) []need {
	var in createProfileInput
	_ = json.Unmarshal(c.Body, &in) // what cannot be read is refused by the handler
	list := []need{n}
	if len(in.Tags) > 0 {
		arn := eksARN(c.Region, c.Account, "fargateprofile", c.Vars["clusterName"]+"/"+in.FargateProfileName+"/*")
		list = append(list, n.on(arn, nil).also("eks:TagResource"))
	}
	for _, service := range passedTo {
		list = append(list, need{action: "iam:PassRole", resource: in.PodExecutionRoleARN, about: map[string]string{"iam:PassedToService": service}})
	}
	return append(list, s.linkedRoleNeeds(c)...)
}

// linkedRoleNeeds: EKS looks for its service-linked role in the caller's name
// (issue 1821 of aws-controllers-k8s/community has its answer when it may not),
// and makes it if it is not there: EKS user guide, "Using roles for Amazon EKS
// Fargate". The role counts as there while the account has a Fargate profile.
func (s *Sim) linkedRoleNeeds(c *call) []need {
	role := "arn:aws:iam::" + c.Account + ":role/aws-service-role/eks-fargate.amazonaws.com/AWSServiceRoleForAmazonEKSForFargate"
	look := need{action: "iam:GetRole", resource: role, refusal: errf(http.StatusBadRequest, "InvalidRequestException",
		"Failed to validate if SLR: AWSServiceRoleForAmazonEKSForFargate already exists due to missing permissions for 'iam:GetRole'")}
	if s.account(c.Account).hasProfile() {
		return []need{look}
	}
	return []need{look, {action: "iam:CreateServiceLinkedRole", resource: role, about: map[string]string{"iam:AWSServiceName": "eks-fargate.amazonaws.com"}}}
}

func (a *account) hasProfile() bool {
	for _, r := range a.regions {
		for _, cluster := range r.eks.clusters {
			if len(cluster.profiles) > 0 {
				return true
			}
		}
	}
	return false
}

func (s *Sim) iamNeeds(c *call, n need) []need {
	st, name := s.account(c.Account).iam, c.Params.Get("RoleName")
	switch {
	case c.Operation == "CreateServiceLinkedRole":
		n = n.on(st.arn("role", "/aws-service-role/"+c.Params.Get("AWSServiceName")+"/", "*"), nil)
		n.about["iam:AWSServiceName"] = c.Params.Get("AWSServiceName")
	case name == "" && c.Params.Get("PolicyArn") != "":
		n = n.on(c.Params.Get("PolicyArn"), nil)
	case name != "":
		return st.roleNeeds(c, n, name)
	}
	return []need{n}
}

// boundedActions know iam:PermissionsBoundary: Service Authorization Reference, IAM.
var boundedActions = []string{
	"AttachRolePolicy", "CreateRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy",
}

func (st *iamState) roleNeeds(c *call, n need, name string) []need {
	path, boundary := c.Params.Get("Path"), c.Params.Get("PermissionsBoundary")
	setDefault(&path, "/")
	if role := st.role(name); role != nil {
		n = n.on(role.ARN, role.Tags)
		setDefault(&boundary, role.Boundary)
	} else {
		n = n.on(st.arn("role", path, name), nil)
	}
	if boundary != "" && slices.Contains(boundedActions, c.Operation) {
		n.about["iam:PermissionsBoundary"] = boundary
	}
	if c.Operation == "CreateRole" && c.Params.Has("Tags.member.1.Key") {
		return []need{n, n.also("iam:TagRole")}
	}
	return []need{n}
}

func (s *Sim) ec2Needs(c *call, n need) []need {
	st, group := s.regionOf(c).ec2, c.Params.Get("GroupId")
	switch {
	case strings.HasPrefix(c.Operation, "Describe"): // no resource-level permissions
	case c.Operation == "CreateSecurityGroup":
		made := n.on(c.ec2ARN("security-group", "*"), nil)
		list := []need{made, n.on(c.ec2ARN("vpc", c.Params.Get("VpcId")), nil)}
		if c.Params.Has("TagSpecification.1.Tag.1.Key") {
			list = append(list, made.also("ec2:CreateTags"))
		}
		return list
	case c.Operation == "CreateTags", c.Operation == "DeleteTags":
		return st.neededOn(c, n, numbered(c, "ResourceId.", ""))
	case c.Operation == "GetManagedPrefixListEntries":
		return st.neededOn(c, n, []string{c.Params.Get("PrefixListId")})
	case group != "":
		ids := slices.Concat([]string{group}, numbered(c, "SecurityGroupRuleId.", ""), numbered(c, "SecurityGroupRule.", ".SecurityGroupRuleId"),
			numbered(c, "SecurityGroupRule.", ".SecurityGroupRule.PrefixListId"))
		return st.neededOn(c, n, ids)
	}
	return []need{n}
}

// neededOn is a need on each of the resources with these ids.
func (st *ec2State) neededOn(c *call, n need, ids []string) []need {
	kinds := map[string]string{"sg": "security-group", "sgr": "security-group-rule", "pl": "prefix-list"}
	known := st.taggables()
	var list []need
	for _, id := range ids {
		prefix, _, _ := strings.Cut(id, "-")
		kind := known[id].Type
		setDefault(&kind, kinds[prefix])
		list = append(list, n.on(c.ec2ARN(kind, id), known[id].Tags))
	}
	return list
}

// numbered reads the values of a list in a form, such as ResourceId.1.
func numbered(c *call, before, after string) []string {
	var values []string
	for i := 1; c.Params.Has(before + strconv.Itoa(i) + after); i++ {
		values = append(values, c.Params.Get(before+strconv.Itoa(i)+after))
	}
	return values
}

func (s *Sim) kmsNeeds(c *call, n need) []need {
	key, alias := jsonField(c.Body, "KeyId"), jsonField(c.Body, "AliasName")
	switch {
	case c.Operation == "CreateKey":
		made := n.on(kmsKeyARN(c.Region, c.Account, "*"), nil)
		list := []need{n, made.also("kms:PutKeyPolicy")}
		if hasItems(c.Body, "Tags") {
			list = append(list, made.also("kms:TagResource"))
		}
		return list
	case alias != "":
		return s.aliasNeeds(c, n, alias)
	case key != "" && c.Operation != "ListAliases": // which knows no resources
		return []need{s.onKey(c, n, key)}
	}
	return []need{n}
}

// aliasNeeds: on the alias and on each key concerned: KMS developer guide, "Controlling access to aliases".
func (s *Sim) aliasNeeds(c *call, n need, alias string) []need {
	list := []need{n.on(arnIn("kms", c.Region, c.Account, alias), nil)}
	if s.kms(c).find(alias) != nil {
		list = append(list, s.onKey(c, n, alias))
	}
	if target := jsonField(c.Body, "TargetKeyId"); target != "" {
		list = append(list, s.onKey(c, n, target))
	}
	return list
}

func (s *Sim) onKey(c *call, n need, ref string) need {
	if key := s.kms(c).find(ref); key != nil {
		return n.on(key.arn, key.tags)
	}
	if strings.HasPrefix(ref, "arn:") {
		return n.on(ref, nil)
	}
	return n.on(kmsKeyARN(c.Region, c.Account, ref), nil)
}

func (s *Sim) logsNeeds(c *call, n need) []need {
	arn := jsonField(c.Body, "resourceArn")
	setDefault(&arn, jsonField(c.Body, "resourceIdentifier"))
	name := jsonField(c.Body, "logGroupName")
	if arn != "" {
		name = strings.TrimPrefix(arn, logGroupARN(c.Region, c.Account, ""))
	}
	setDefault(&name, "*")
	setDefault(&arn, logGroupARN(c.Region, c.Account, name))
	if group := s.regionOf(c).logs.groups[name]; group != nil {
		return []need{n.on(arn, group.tags)}
	}
	n = n.on(arn, nil)
	if c.Operation == "CreateLogGroup" && hasItems(c.Body, "tags") { // CloudWatch Logs API reference, CreateLogGroup, tags
		return []need{n, n.also("logs:TagResource")}
	}
	return []need{n}
}

// hasItems says whether a member of a JSON object is a list or an object with anything in it.
func hasItems(body []byte, member string) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return false
	}
	text := strings.TrimSpace(string(fields[member]))
	return text != "" && text != "null" && text != "[]" && text != "{}"
}
