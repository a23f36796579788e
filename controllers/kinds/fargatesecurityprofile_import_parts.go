// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
	"github.com/fargate-security/fargate-security-operator/internal/resources/loggroup"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// What the schema of the role takes at most.
const (
	maxManagedPolicies = 25
	maxInlinePolicies  = 10
)

// quoted shows a value in a note.
func quoted(value string) string {
	if value == "" {
		return "absent"
	}
	return strconv.Quote(canonical.Text(value, 200))
}

func joined(parts []string) string {
	for i := range parts {
		parts[i] = strings.TrimSuffix(parts[i], ".")
	}
	return strings.Join(parts, "; ")
}

// look is what Observe records of an object.
func look(ctx context.Context, res resource.Resource, v resource.Values) (*resource.Observation, observed.State, error) {
	var state observed.State
	o, err := res.Observe(ctx, v)
	if err == nil && o.Record != nil {
		o.Record(&state)
	}
	return o, state, err
}

// readRole declares the role as it is, or refers to it where it cannot be: it is used by several profiles, or out of bounds of
// the schema. settle compares the rest.
func (d *draft) readRole(ctx context.Context) observed.Role {
	arn := d.found.RoleARN
	name := awsobject.LastPart(arn)
	_, state, err := look(ctx, iamrole.New(d.env.IAM, d.env.EKS, iamrole.Policies(d.env.Env), iamrole.Desired{Name: name, ClusterName: d.found.cluster}), nil)
	switch {
	case err != nil:
		d.Missed(iamrole.Kind+"/"+name, err)
		d.referTo("it could not be read")
		return observed.Role{}
	case state.Role == nil || state.Role.ARN != arn:
		d.referTo("it does not exist any more, so that no pod of the profile can start")
		return observed.Role{}
	}
	role := *state.Role
	switch {
	case d.roleUses[arn] > 1:
		d.referTo(fmt.Sprintf("%d Fargate profiles use it, and two objects cannot own one", d.roleUses[arn]))
	case len(role.ManagedPolicies) > maxManagedPolicies || len(role.InlinePolicies) > maxInlinePolicies:
		d.referTo(fmt.Sprintf("it has %d managed and %d inline policies, and a declaration has at most %d and %d", len(role.ManagedPolicies), len(role.InlinePolicies), maxManagedPolicies, maxInlinePolicies))
	default:
		d.spec().PodExecutionRole = d.declaredRole(role)
	}
	return role
}

// declaredRole is the reverse of role and its parts.
func (d *draft) declaredRole(role observed.Role) v1alpha1.PodExecutionRoleSpec {
	spec := v1alpha1.PodExecutionRoleSpec{Name: role.Name, PermissionsBoundaryARN: role.PermissionsBoundary}
	if role.Name == (&fargateStack{Env: d.env, profile: d.object}).roleName() {
		spec.Name = ""
	}
	managed := []string{}
	for _, policy := range role.ManagedPolicies {
		managed = append(managed, policy.ARN)
	}
	slices.Sort(managed)
	if !slices.Equal(managed, (&fargateStack{Env: d.env, profile: &v1alpha1.FargateSecurityProfile{}}).managedPolicies()) {
		spec.ManagedPolicyARNs = &managed
	}
	for name, document := range role.InlinePolicies {
		if name != loggingPolicyName {
			spec.InlinePolicies = append(spec.InlinePolicies, v1alpha1.InlinePolicy{Name: name, Document: document})
		}
	}
	slices.SortFunc(spec.InlinePolicies, func(a, b v1alpha1.InlinePolicy) int { return strings.Compare(a.Name, b.Name) })
	return spec
}

// referTo has the role only verified.
func (d *draft) referTo(why string) {
	d.spec().PodExecutionRole = v1alpha1.PodExecutionRoleSpec{ExistingARN: d.found.RoleARN}
	d.note("podExecutionRole only refers to %s, by existingARN, so that its policies are verified and not kept: %s. "+
		"To have the operator keep it, replace existingARN by what the role is to be.", d.found.RoleARN, strings.TrimSuffix(why, "."))
}

func (d *draft) takeBackRole(o *resource.Object, why string) bool {
	if d.spec().PodExecutionRole.ExistingARN != "" {
		return false
	}
	// Where the logging section alone makes the difference, the role matters more.
	onlyLogging := len(o.Problems) == 0 && !o.Failed() && !slices.ContainsFunc(slices.Concat(o.Drift, o.Pending), func(difference drift.Difference) bool {
		return difference.Path != "inlinePolicies["+loggingPolicyName+"]"
	})
	if logging := d.spec().Logging; logging != nil && onlyLogging {
		d.note("logging is left out: with it, the operator would write the inline policy %s into the role, for the log group %s (%s). "+
			"Declare logging.logGroup.name to have that done.", loggingPolicyName, d.logGroupName(), why)
		d.spec().Logging, d.spec().Encryption = nil, nil
		return true
	}
	d.referTo(why)
	return true
}

// logGroupName is the declared name, or the default one.
func (d *draft) logGroupName() string {
	object := d.object
	if object.Spec.Logging == nil {
		object = object.DeepCopy()
		object.Spec.Logging = &v1alpha1.LoggingSpec{}
	}
	return (&fargateStack{Env: d.env, profile: object}).logGroupName()
}

// readGroups declares the groups that SecurityGroupPolicies give to pods of the profile. AWS itself does not tell.
func (d *draft) readGroups(ctx context.Context) {
	if d.Workload != d.found.cluster {
		d.note("securityGroups and podSecurityGroups are not known: which pods get which groups is said by SecurityGroupPolicies in the cluster, and not by AWS. "+
			"Import again with --pod-security-groups and a kubeconfig context of cluster %s.", d.found.cluster)
		return
	}
	if d.unread {
		d.note("securityGroups and podSecurityGroups are left out: the SecurityGroupPolicies could not be read.")
		return
	}
	o, _, err := look(ctx, ekscluster.New(d.env.EKS, d.env.EC2, d.found.cluster), nil)
	if err != nil {
		d.Missed(ekscluster.Kind+"/"+d.found.cluster, err)
		d.note("securityGroups are left out: the cluster could not be read.")
		return
	}
	d.clusterGroup = o.Gives[resource.ClusterGroupID]
	for _, policy := range d.policies {
		if slices.ContainsFunc(d.found.Selectors, func(s observed.Selector) bool { return canonical.Match(s.Namespace, policy.Namespace) }) {
			d.readPolicy(ctx, policy, o.Gives[resource.VPCID])
		}
	}
	d.writeGroups()
}

// readPolicy takes the groups of a policy into the draft, and the policy itself where it has the name that the operator gives.
func (d *draft) readPolicy(ctx context.Context, policy observed.PodSecurityGroups, vpc string) {
	name := policy.Namespace + "/" + policy.Name
	d.policied[name] = true
	for _, id := range policy.GroupIDs {
		known := slices.ContainsFunc(d.groups, func(g observed.SecurityGroup) bool { return g.ID == id })
		if id != d.clusterGroup && !known && d.take("security group "+id) {
			d.readGroup(ctx, id, vpc)
		}
	}
	if policy.Name != d.object.Namespace+"."+d.object.Name {
		d.note("podSecurityGroups is left out: the SecurityGroupPolicy %s stays as it is, since the operator keeps one of its own name, %s.%s. "+
			"To have the operator keep it, declare podSecurityGroups, and delete %s once the new one is there.", name, d.object.Namespace, d.object.Name, name)
		return
	}
	if other := d.spec().PodSecurityGroups; other != nil {
		d.note("the SecurityGroupPolicy %s is left out: podSecurityGroups is for one namespace, and is for %s.", name, other.Namespace)
		return
	}
	spec := &v1alpha1.PodSecurityGroupsSpec{
		Namespace:   policy.Namespace,
		PodSelector: podsecuritygroups.Selector(policy.PodSelector), ServiceAccountSelector: podsecuritygroups.Selector(policy.ServiceAccountSelector),
	}
	if !slices.Contains(policy.GroupIDs, d.clusterGroup) {
		spec.ClusterSecurityGroup = v1alpha1.ClusterGroupExclude
	}
	if (spec.PodSelector == nil) == (spec.ServiceAccountSelector == nil) {
		d.note("podSecurityGroups is left out: the SecurityGroupPolicy %s must have one of podSelector and serviceAccountSelector. Correct it, or declare podSecurityGroups.", name)
		return
	}
	d.spec().PodSecurityGroups = spec
}

func (d *draft) readGroup(ctx context.Context, id, vpc string) {
	_, state, err := look(ctx, securitygroup.Leftover(d.env.EC2, id, id), nil)
	switch {
	case err != nil:
		d.Missed("security group "+id, err)
		d.note("security group %s is left out: it could not be read.", id)
	case len(state.SecurityGroups) == 0:
		d.note("security group %s is left out: it does not exist, so that pods which are to have it cannot start. Correct the SecurityGroupPolicy.", id)
	case state.SecurityGroups[0].VPCID != vpc:
		d.note("security group %s is left out: it is in %s, and not in the cluster's VPC %s.", id, state.SecurityGroups[0].VPCID, vpc)
	case state.SecurityGroups[0].Name == "default":
		d.note("security group %s is left out: it is the VPC's default group, which AWS keeps for itself. Give the pods a group of their own.", id)
	case len(d.groups) == maxGroups || len(state.SecurityGroups[0].Ingress) > maxRules || len(state.SecurityGroups[0].Egress) > maxRules:
		d.note("security group %s is left out: a declaration has at most %d groups with %d rules each way.", id, maxGroups, maxRules)
	default:
		d.groups = append(d.groups, state.SecurityGroups[0])
	}
}

// What the schema of securityGroups takes at most.
const (
	maxGroups = 5
	maxRules  = 60
)

// writeGroups puts the groups into the spec.
func (d *draft) writeGroups() {
	d.spec().SecurityGroups = nil
	for _, g := range d.groups {
		spec := v1alpha1.SecurityGroupSpec{Name: g.Name, Ingress: d.rules(g.Ingress), Egress: d.rules(g.Egress)}
		if g.Description != g.Name {
			spec.Description = g.Description
		}
		d.spec().SecurityGroups = append(d.spec().SecurityGroups, spec)
	}
	if len(d.groups) == 0 {
		d.spec().PodSecurityGroups = nil
	}
}

// rules is the reverse of declaredRules.
func (d *draft) rules(rules []observed.Rule) []v1alpha1.SecurityGroupRule {
	var specs []v1alpha1.SecurityGroupRule
	for _, rule := range rules {
		spec := v1alpha1.SecurityGroupRule{Protocol: rule.Protocol, Description: rule.Description}
		if slices.Contains([]string{"tcp", "udp", "icmp", "icmpv6"}, rule.Protocol) {
			spec.FromPort, spec.ToPort = &rule.FromPort, &rule.ToPort
		}
		sibling := slices.IndexFunc(d.groups, func(g observed.SecurityGroup) bool { return g.ID == rule.Peer })
		switch {
		case sibling >= 0:
			spec.SecurityGroupName = d.groups[sibling].Name
		case strings.HasPrefix(rule.Peer, "sg-"):
			spec.SecurityGroupID = rule.Peer
		case strings.HasPrefix(rule.Peer, "pl-"):
			spec.PrefixListID = rule.Peer
		default:
			spec.CIDR = rule.Peer
		}
		specs = append(specs, spec)
	}
	return specs
}

func (d *draft) takeBackGroup(o *resource.Object, why string) bool {
	index := slices.IndexFunc(d.groups, func(g observed.SecurityGroup) bool { return o.ID == groupID(g.Name) })
	if index < 0 {
		return false
	}
	d.note("security group %s (%s) is left out: %s.", d.groups[index].Name, d.groups[index].ID, why)
	d.groups = slices.Delete(d.groups, index, index+1)
	d.writeGroups()
	return true
}

// readLogging declares a log group that the role's inline policies name, or the one with the default name, and its key. Where
// the pods' logs really go is said in the cluster (the ConfigMap aws-logging; EKS user guide, "Fargate logging").
func (d *draft) readLogging(ctx context.Context, role observed.Role) {
	var found *observed.LogGroup
	names := append(iamrole.LogGroups(role), d.logGroupName())
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		_, state, err := look(ctx, loggroup.New(d.env.Logs, d.env.Scope, loggroup.Desired{Name: name}), nil)
		switch {
		case err != nil:
			d.Missed(loggroup.Kind+"/"+name, err)
			d.note("log group %s is left out: it could not be read.", name)
		case state.LogGroup == nil:
		case found != nil:
			d.note("log group %s is left out: a declaration has one, and has %s.", name, found.Name)
		case d.take("log group " + name):
			found = state.LogGroup
		}
	}
	if found == nil {
		d.note("logging is left out: no log group of the profile's own was found, be it by an inline policy of its role or by the name %s.", d.logGroupName())
		return
	}
	logging := &v1alpha1.LoggingSpec{}
	if found.Name != d.logGroupName() {
		logging.LogGroup.Name = found.Name
	}
	if found.RetentionDays != 0 {
		logging.LogGroup.RetentionDays = &found.RetentionDays
	}
	d.spec().Logging = logging
	if found.KeyARN != "" {
		d.readKey(ctx, found)
	}
}

// readKey declares the key of a log group, or refers to it where it cannot be declared.
func (d *draft) readKey(ctx context.Context, group *observed.LogGroup) {
	d.keyARN = group.KeyARN
	d.spec().Encryption = &v1alpha1.EncryptionSpec{KeyARN: group.KeyARN}
	key, err := kmskey.Find(ctx, d.env.KMS, d.env.Scope, group.KeyARN, []string{group.Name})
	var why string
	switch {
	case err != nil:
		d.Missed(kmskey.Kind+"/"+group.KeyARN, err)
		why = "it could not be read"
	case key == nil || !key.CustomerManaged:
		why = "it is no key that the account manages"
	case len(key.Aliases) == 0:
		why = "it has no alias"
	case len(key.AdditionalStatements) > maxStatements:
		why = fmt.Sprintf("its policy has %d statements beside the operator's, and a declaration has at most %d", len(key.AdditionalStatements), maxStatements)
	case key.Policy == "":
		why = "its policy could not be read"
	case d.take("key " + group.KeyARN):
		spec := &v1alpha1.KMSKeySpec{Alias: key.Aliases[0], AdditionalStatements: key.AdditionalStatements, RotationPeriodDays: defaultRotation}
		if key.RotationPeriodDays != 0 {
			spec.RotationPeriodDays = key.RotationPeriodDays
		}
		d.spec().Encryption = &v1alpha1.EncryptionSpec{KMSKey: spec}
		return
	default:
		return
	}
	d.referToKey(why)
}

// What the schema says of a key.
const (
	maxStatements   = 10
	defaultRotation = 365
)

func (d *draft) referToKey(why string) {
	d.spec().Encryption = &v1alpha1.EncryptionSpec{KeyARN: d.keyARN}
	d.note("encryption only refers to %s, by keyARN, so that its policy and rotation are not kept: %s.", d.keyARN, strings.TrimSuffix(why, "."))
}

// takeBackLogging takes back the key, then the log group.
func (d *draft) takeBackLogging(o *resource.Object, why string) bool {
	spec := d.spec()
	switch {
	case o.ID.Kind == kmskey.Kind && spec.Encryption != nil && spec.Encryption.KMSKey != nil:
		d.referToKey(why)
	case o.ID.Kind == kmskey.Kind && spec.Encryption != nil:
		d.note("encryption is left out: %s.", why)
		spec.Encryption = nil
	case o.ID.Kind == loggroup.Kind && spec.Logging != nil:
		d.note("log group %s is left out, and its key: %s.", d.logGroupName(), why)
		spec.Logging, spec.Encryption = nil, nil
	default:
		return false
	}
	return true
}
