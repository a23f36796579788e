// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"cmp"
	"context"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
	"github.com/fargate-security/fargate-security-operator/internal/resources/loggroup"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// What the operator may do in Kubernetes for this kind; config/rbac/role.yaml is generated from it.
// +kubebuilder:rbac:groups=fargatesecurity.io,resources=fargatesecurityprofiles,verbs=list;watch;patch
// +kubebuilder:rbac:groups=fargatesecurity.io,resources=fargatesecurityprofiles/status,verbs=patch
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,resourceNames=fargatesecurityprofiles.fargatesecurity.io,verbs=get
// +kubebuilder:rbac:groups=vpcresources.k8s.aws,resources=securitygrouppolicies,verbs=get;list;create;update;delete

// FargateSecurityProfile is one EKS Fargate profile and everything linked to it.
var FargateSecurityProfile = &declaration.Kind{
	Name: "FargateSecurityProfile", CRD: "fargatesecurityprofiles.fargatesecurity.io", Noun: "profile",
	New:              func() v1alpha1.Declaration { return &v1alpha1.FargateSecurityProfile{} },
	NewList:          func() client.ObjectList { return &v1alpha1.FargateSecurityProfileList{} },
	OwnerWithoutKind: true,
	Sections:         v1alpha1.SectionConditions,
	Controls:         controls.Catalogue(),
	Cluster:          func(obj v1alpha1.Declaration) string { return fargate(obj).Spec.ClusterName },
	Sees: []events.Kind{
		events.Cluster, events.FargateProfile, events.Nodegroup, events.Role, events.ManagedPolicy, events.SecurityGroup,
		events.SecurityGroupRule, events.Subnet, events.RouteTable, events.PrefixList, events.Key, events.Alias, events.LogGroup,
	},
	Mentions: func(obj v1alpha1.Declaration) []events.Object { return mentionedBy(fargate(obj)) },
	Claims:   func(obj v1alpha1.Declaration) []guardrails.Claim { return claimsOf(fargate(obj)) },
	ShareTexts: func(obj v1alpha1.Declaration) {
		profile := fargate(obj)
		memo.Share(&profile.APIVersion, &profile.Kind, &profile.Spec.ClusterName)
		memo.ShareAll(profile.Spec.FargateProfile.SubnetIDs)
	},
	Declare: func(env *declaration.Env, obj v1alpha1.Declaration) declaration.Declared {
		return &fargateStack{Env: env, profile: fargate(obj)}
	},
	Import: importFargate,
}

// fargate is obj as its own type: generic code gives a kind its own objects only.
func fargate(obj v1alpha1.Declaration) *v1alpha1.FargateSecurityProfile {
	return obj.(*v1alpha1.FargateSecurityProfile) // made by FargateSecurityProfile.New
}

// sectionOfKind is the section of the spec that an AWS object of a kind belongs to.
var sectionOfKind = map[string]string{
	ekscluster.Kind: v1alpha1.FargateProfileReadyCondition, kmskey.Kind: v1alpha1.EncryptionReadyCondition,
	loggroup.Kind: v1alpha1.LoggingReadyCondition, iamrole.Kind: v1alpha1.PodExecutionRoleReadyCondition,
	securitygroup.Kind: v1alpha1.SecurityGroupsReadyCondition, podsecuritygroups.Kind: v1alpha1.PodSecurityGroupsReadyCondition,
	fargateprofile.Kind: v1alpha1.FargateProfileReadyCondition,
}

// loggingPolicyName is the inline policy that the operator writes for logging; the schema reserves the name.
const loggingPolicyName = "fargate-logging"

// fargateStack turns the spec of one profile into Resources. Each section's method is the way from a field in the spec to
// the Resource that makes the AWS calls.
type fargateStack struct {
	*declaration.Env
	profile *v1alpha1.FargateSecurityProfile
}

// Section implements Declared.
func (s *fargateStack) Section(id resource.ID) string { return sectionOfKind[id.Kind] }

// RecordIntent implements Declared: which boundary may be found on the role. One that leaves the spec before its first pass
// is over would stay for good otherwise.
func (s *fargateStack) RecordIntent(settled bool) {
	var boundaries []string
	if boundary := s.boundary(); boundary != "" {
		boundaries = []string{boundary}
	}
	status := &s.profile.Status
	if !settled {
		boundaries = append(boundaries, status.PermissionsBoundaryARNs...)
	}
	status.PermissionsBoundaryARNs = declaration.AsSet(boundaries)
}

// RecordOwn implements Declared.
func (s *fargateStack) RecordOwn(result *resource.Result) {
	s.profile.Status.ProfileStatus = ""
	for _, o := range result.Objects {
		if o.ID.Kind == fargateprofile.Kind {
			s.profile.Status.ProfileStatus = o.State
			return
		}
	}
}

// mentionedBy lists the AWS objects that a spec names without managing them.
func mentionedBy(profile *v1alpha1.FargateSecurityProfile) []events.Object {
	var list []events.Object
	for _, id := range profile.Spec.FargateProfile.SubnetIDs {
		list = append(list, events.Object{Kind: events.Subnet, Name: id})
	}
	if managed := profile.Spec.PodExecutionRole.ManagedPolicyARNs; managed != nil {
		for _, arn := range *managed {
			list = append(list, events.Object{Kind: events.ManagedPolicy, Name: arn})
		}
	}
	for _, group := range profile.Spec.SecurityGroups {
		for _, rule := range append(append([]v1alpha1.SecurityGroupRule{}, group.Ingress...), group.Egress...) {
			if rule.PrefixListID != "" {
				list = append(list, events.Object{Kind: events.PrefixList, Name: rule.PrefixListID})
			}
		}
	}
	return list
}

// Resources implements Declared.
func (s *fargateStack) Resources() []resource.Resource {
	list := []resource.Resource{ekscluster.New(s.EKS, s.EC2, s.profile.Spec.ClusterName)}
	list = append(list, s.key()...)
	list = append(list, s.logGroup()...)
	list = append(list, s.role())
	list = append(list, s.securityGroups()...)
	list = append(list, s.podSecurityGroups()...)
	return append(list, s.fargateProfile())
}

func (s *fargateStack) clusterID() resource.ID {
	return resource.ID{Kind: ekscluster.Kind, Name: s.profile.Spec.ClusterName}
}

func (s *fargateStack) key() []resource.Resource {
	encryption := s.profile.Spec.Encryption
	switch {
	case encryption == nil:
		return nil
	case encryption.KMSKey == nil:
		return []resource.Resource{kmskey.Existing(s.KMS, s.Scope, encryption.KeyARN)}
	}
	spec := encryption.KMSKey
	policy, err := s.keyPolicy(spec.AdditionalStatements)
	if err != nil { // said by specProblems, which keeps the key from being written
		policy, _ = s.keyPolicy(nil)
	}
	key := kmskey.New(s.KMS, s.Logs, kmskey.Desired{
		Alias: spec.Alias, Policy: policy,
		RotationPeriodDays: spec.RotationPeriodDays, DeletionWindowDays: spec.DeletionWindowDays,
		Description: "FargateSecurityProfile " + s.profile.Namespace + "/" + s.profile.Name,
	}, s.Prior[s.keyID()], s.orphanKeys)
	key.Patient(kmskey.Principals(s.Env.Env))
	return []resource.Resource{key}
}

// keyPolicy is the policy of the declared key with statements added to it.
func (s *fargateStack) keyPolicy(additional []string) (string, error) {
	var groups []string
	if s.profile.Spec.Logging != nil {
		groups = []string{s.logGroupName()}
	}
	return kmskey.Policy(s.Scope, groups, additional)
}

// keyID names the declared key: by its alias, or, one that is only used, by its id.
func (s *fargateStack) keyID() resource.ID {
	if key := s.profile.Spec.Encryption.KMSKey; key != nil {
		return resource.ID{Kind: kmskey.Kind, Name: key.Alias}
	}
	return resource.ID{Kind: kmskey.Kind, Name: awsobject.LastPart(s.profile.Spec.Encryption.KeyARN)}
}

// retiredKeys are keys that we made for this profile and that it does not declare any more: the log group lets go of
// them, so that they can be removed.
func (s *fargateStack) retiredKeys() []string {
	var arns []string
	for _, r := range s.profile.Status.Resources {
		declared := s.profile.Spec.Encryption != nil && r.Name == s.keyID().Name
		if r.Kind == kmskey.Kind && r.Origin == v1alpha1.Origin(resource.Created) && !declared {
			arns = append(arns, r.ARN)
		}
	}
	return arns
}

// orphanKeys finds keys that carry our owner tag: one of them may have lost its answer, or its alias.
func (s *fargateStack) orphanKeys(ctx context.Context) ([]string, error) {
	return s.View.OwnedKeys(ctx, s.Owner)
}

func (s *fargateStack) logGroup() []resource.Resource {
	if s.profile.Spec.Logging == nil {
		return nil
	}
	desired := loggroup.Desired{Name: s.logGroupName()}
	if days := s.profile.Spec.Logging.LogGroup.RetentionDays; days != nil {
		desired.RetentionDays = *days
	}
	if s.profile.Spec.Encryption != nil {
		id := s.keyID()
		desired.KeyFrom = &id
	}
	desired.RetiredKeyARNs = s.retiredKeys()
	return []resource.Resource{loggroup.New(s.Logs, s.Scope, desired)}
}

func (s *fargateStack) logGroupName() string {
	if name := s.profile.Spec.Logging.LogGroup.Name; name != "" {
		return name
	}
	return "/aws/eks/" + s.profile.Spec.ClusterName + "/fargate/" + s.profile.ProfileName()
}

func (s *fargateStack) role() resource.Resource {
	spec := s.profile.Spec.PodExecutionRole
	if spec.ExistingARN != "" {
		return iamrole.Existing(s.IAM, s.EKS, iamrole.Policies(s.Env.Env), spec.ExistingARN, s.profile.Spec.ClusterName, s.Guard)
	}
	res := iamrole.New(s.IAM, s.EKS, iamrole.Policies(s.Env.Env), iamrole.Desired{
		Name:                   s.roleName(),
		TrustPolicy:            iamrole.TrustPolicy(s.Scope, s.profile.Spec.ClusterName),
		ManagedPolicyARNs:      s.managedPolicies(),
		InlinePolicies:         s.inlinePolicies(),
		PermissionsBoundaryARN: spec.PermissionsBoundaryARN, FormerBoundaryARNs: s.profile.Status.PermissionsBoundaryARNs,
		RemoveUnlisted:     removes(spec.UnlistedPolicies),
		Guard:              s.Guard,
		MaxManagedPolicies: int(s.Quotas.ManagedPoliciesPerRole),
		ClusterName:        s.profile.Spec.ClusterName,
	})
	res.FindTwins(s.View.RoleLike)
	return res
}

// boundary is the boundary that the role is to have, "" for none, or where the role is only used.
func (s *fargateStack) boundary() string {
	spec := s.profile.Spec.PodExecutionRole
	if spec.ExistingARN != "" {
		return ""
	}
	return cmp.Or(spec.PermissionsBoundaryARN, s.Guard.PermissionsBoundaryARN)
}

func (s *fargateStack) roleID() resource.ID {
	if arn := s.profile.Spec.PodExecutionRole.ExistingARN; arn != "" {
		return resource.ID{Kind: iamrole.Kind, Name: awsobject.LastPart(arn)}
	}
	return resource.ID{Kind: iamrole.Kind, Name: s.roleName()}
}

// roleName is the declared name, or one made of cluster and profile that fits IAM's 64 characters.
func (s *fargateStack) roleName() string {
	if name := s.profile.Spec.PodExecutionRole.Name; name != "" {
		return name
	}
	name := s.profile.Spec.ClusterName + "-" + s.profile.ProfileName() + "-fargate"
	if len(name) <= 64 {
		return name
	}
	return name[:55] + "-" + canonical.Hash(name)[:8]
}

// managedPolicies are those declared; none declared means the one that every pod execution role needs.
// Source: EKS user guide, "Amazon EKS Pod execution IAM role".
func (s *fargateStack) managedPolicies() []string {
	if declared := s.profile.Spec.PodExecutionRole.ManagedPolicyARNs; declared != nil {
		return *declared
	}
	return []string{"arn:" + s.Partition + ":iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"}
}

func (s *fargateStack) inlinePolicies() map[string]string {
	policies := map[string]string{}
	for _, p := range s.profile.Spec.PodExecutionRole.InlinePolicies {
		policies[p.Name] = p.Document
	}
	if s.profile.Spec.Logging != nil {
		policies[loggingPolicyName] = iamrole.LoggingPolicy(s.Scope, s.logGroupName())
	}
	return policies
}

func (s *fargateStack) securityGroups() []resource.Resource {
	siblings := []string{}
	for _, g := range s.profile.Spec.SecurityGroups {
		siblings = append(siblings, g.Name)
	}
	var list []resource.Resource
	for _, g := range s.profile.Spec.SecurityGroups {
		list = append(list, securitygroup.New(s.EC2, securitygroup.Desired{
			Name: g.Name, Description: g.Description,
			Ingress: declaredRules(g.Ingress), Egress: declaredRules(g.Egress),
			Ignore: ignoredRules(g.IgnoreRules), RemoveUnlisted: removes(g.UnlistedRules),
			Guard: s.Guard, Cluster: s.clusterID(), Siblings: siblings,
			MaxRules: int(s.Quotas.RulesPerSecurityGroup), AccountID: s.AccountID,
		}, s.Prior[groupID(g.Name)]))
	}
	return list
}

// removes tells whether what is not listed is taken away: not under a policy that this version does not know. A role
// that is not declared has no policy, and the default of the schema holds.
func removes(policy v1alpha1.UnlistedPolicy) bool {
	return policy == v1alpha1.UnlistedRemove || policy == ""
}

func ignoredRules(specs []v1alpha1.IgnoredRules) []securitygroup.Ignored {
	var list []securitygroup.Ignored
	for _, spec := range specs {
		list = append(list, securitygroup.Ignored{Description: spec.Description, TagKey: spec.TagKey, TagValue: spec.TagValue})
	}
	return list
}

func groupID(name string) resource.ID { return resource.ID{Kind: securitygroup.Kind, Name: name} }

// declaredRules leaves out what canonical.Rule refuses; specProblems has said so, and keeps the group from being written.
func declaredRules(specs []v1alpha1.SecurityGroupRule) []securitygroup.Rule {
	rules := make([]securitygroup.Rule, 0, len(specs))
	for _, spec := range specs {
		if rule, err := canonicalRule(spec); err == nil {
			rules = append(rules, securitygroup.Rule{Rule: rule, PeerGroup: spec.SecurityGroupName})
		}
	}
	return rules
}

// canonicalRule puts a declared rule into the form in which it is compared. The id of a group that is named is not
// known here.
func canonicalRule(spec v1alpha1.SecurityGroupRule) (observed.Rule, error) {
	peer := spec.CIDR + spec.SecurityGroupID + spec.PrefixListID
	switch {
	case spec.SecurityGroupAccountID == "":
	case spec.SecurityGroupID == "":
		return observed.Rule{}, errors.New("securityGroupAccountID goes with securityGroupID: give the id of the other account's group, or leave it out")
	default:
		peer = spec.SecurityGroupAccountID + "/" + peer
	}
	if spec.SecurityGroupName != "" {
		peer = drift.Unknown
	}
	return canonical.Rule(spec.Protocol, spec.FromPort, spec.ToPort, peer, spec.Description)
}

func (s *fargateStack) podSecurityGroups() []resource.Resource {
	spec := s.profile.Spec.PodSecurityGroups
	if spec == nil {
		return nil
	}
	desired := podsecuritygroups.Desired{
		Namespace: spec.Namespace, Name: s.profile.Namespace + "." + s.profile.Name,
		PodSelector: spec.PodSelector, ServiceAccountSelector: spec.ServiceAccountSelector,
		IncludeClusterGroup: spec.ClusterSecurityGroup != v1alpha1.ClusterGroupExclude, Cluster: s.clusterID(),
	}
	for _, g := range s.profile.Spec.SecurityGroups {
		desired.Groups = append(desired.Groups, groupID(g.Name))
	}
	return []resource.Resource{podsecuritygroups.New(podsecuritygroups.PoliciesOf(s.Env.Env), desired)}
}

func (s *fargateStack) fargateProfile() resource.Resource {
	spec := s.profile.Spec.FargateProfile
	desired := fargateprofile.Desired{
		ClusterName: s.profile.Spec.ClusterName, Name: s.profile.ProfileName(),
		SubnetIDs: spec.SubnetIDs, Role: s.roleID(), Cluster: s.clusterID(),
	}
	for _, sel := range spec.Selectors {
		labels := map[string]string{}
		for k, v := range sel.Labels {
			labels[k] = string(v)
		}
		desired.Selectors = append(desired.Selectors, observed.Selector{Namespace: sel.Namespace, Labels: labels})
	}
	id := resource.ID{Kind: fargateprofile.Kind, Name: s.profile.ProfileName()}
	res := fargateprofile.New(s.EKS, s.EC2, fargateprofile.QueueOf(s.Env.Env), s.Owner, desired, s.Prior[id])
	res.Wake(s.Wake)
	return res
}
