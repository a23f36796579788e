// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
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

// stackOrder lists the kinds in dependency order: each may need values of those before it.
var stackOrder = []string{
	ekscluster.Kind, kmskey.Kind, loggroup.Kind, iamrole.Kind, securitygroup.Kind, podsecuritygroups.Kind, fargateprofile.Kind,
}

// loggingPolicyName is the inline policy that the operator writes for logging; the schema reserves the name.
const loggingPolicyName = "fargate-logging"

// memory is what outlives a pass, per account and Region; losing it costs some calls.
type memory struct {
	queue    *fargateprofile.Queue
	policies *iamrole.PolicyCache
	// principals are those that KMS does not know yet.
	principals *memo.Refusals
	now        func() time.Time

	// actors are who changed what lately, hears tells whether events tell of changes in a service.
	actors *actors
	hears  func(source string) bool

	mu    sync.Mutex
	views map[awsapi.Config]*inventory.View
	used  map[awsapi.Config]time.Time // when each view was last asked for
	last  time.Time                   // when any was; guarded by memories.mu
}

// idleFor is how long is kept what is remembered of an account that no profile uses any more, or not with that role.
const idleFor = 3 * time.Hour

// viewOf returns the shared view of the account. What is read with one role is not shown to profiles that use another.
func (m *memory) viewOf(account *boundAccount) *inventory.View {
	m.mu.Lock()
	defer m.mu.Unlock()
	view := m.views[account.config]
	if view == nil {
		view = inventory.NewView(account.Clients, m.now, resource.OwnerTag)
		view.Hear(m.hears)
		if m.views == nil {
			m.views, m.used = map[awsapi.Config]*inventory.View{}, map[awsapi.Config]time.Time{}
		}
		m.views[account.config] = view
	}
	m.used[account.config] = m.now()
	for config, at := range m.used {
		if m.now().Sub(at) > idleFor {
			delete(m.used, config)
			delete(m.views, config)
		}
	}
	view.Renew(account.Clients)
	return view
}

// touch has nothing believed any more that was read of the objects before.
func (m *memory) touch(objects []events.Object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, view := range m.views {
		view.Touch(objects...)
	}
	for _, o := range objects {
		if o.Kind == events.ManagedPolicy {
			m.policies.Forget(o.Name)
		}
	}
}

// memories hands out one memory per account and Region.
type memories struct {
	now func() time.Time
	// hears tells whether events tell of changes in a service of an account and Region.
	hears func(scope awsapi.Scope, source string) bool

	mu      sync.Mutex
	known   map[awsapi.Scope]*memory
	checkAt time.Time // when the next idle ones are looked for
}

// within lists the memories of an account and Region.
func (m *memories) within(config awsapi.Config) []*memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*memory
	for scope, memory := range m.known {
		if inScope(config, scope) {
			list = append(list, memory)
		}
	}
	return list
}

// leaveLines gives up all places of an owner in the lines of clusters, whichever account it uses or has used.
func (m *memories) leaveLines(owner string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, memory := range m.known {
		memory.queue.LeaveOf(owner)
	}
}

func (m *memories) of(scope awsapi.Scope) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[awsapi.Scope]*memory{}
	}
	now := m.now()
	if now.After(m.checkAt) {
		maps.DeleteFunc(m.known, func(_ awsapi.Scope, known *memory) bool { return now.Sub(known.last) > idleFor })
		m.checkAt = now.Add(idleFor)
	}
	if m.known[scope] == nil {
		m.known[scope] = &memory{
			queue: fargateprofile.NewQueue(m.now), policies: iamrole.NewPolicyCache(), principals: kmskey.NewPrincipals(m.now),
			now: m.now, actors: &actors{now: m.now},
			hears: func(source string) bool { return m.hears != nil && m.hears(scope, source) },
		}
	}
	m.known[scope].last = now
	return m.known[scope]
}

// stack turns the spec of one profile into Resources. Each section's method is the way from a field in the spec to
// the Resource that makes the AWS calls.
type stack struct {
	profile *v1alpha1.FargateSecurityProfile
	account *boundAccount
	memory  *memory
	// policies are those of the cluster that the pods run in.
	policies *podsecuritygroups.Policies
	owner    string
	prior    map[resource.ID]resource.Prior
	view     *inventory.View
	// putOff: objects with our owner tag were not looked for, since somebody waits for this pass. A later one does it.
	putOff bool
	// searchFailed is why they could not be looked for: what status remembers is kept as declared all the same.
	searchFailed error
	// wake has the profile looked at again; nil: nobody can.
	wake func()
}

// resources lists what the spec declares, in dependency order.
func (s *stack) resources() []resource.Resource {
	list := []resource.Resource{ekscluster.New(s.account.EKS, s.account.EC2, s.profile.Spec.ClusterName)}
	list = append(list, s.key()...)
	list = append(list, s.logGroup()...)
	list = append(list, s.role())
	list = append(list, s.securityGroups()...)
	list = append(list, s.podSecurityGroups()...)
	return append(list, s.fargateProfile())
}

func (s *stack) clusterID() resource.ID {
	return resource.ID{Kind: ekscluster.Kind, Name: s.profile.Spec.ClusterName}
}

func (s *stack) key() []resource.Resource {
	encryption := s.profile.Spec.Encryption
	switch {
	case encryption == nil:
		return nil
	case encryption.KMSKey == nil:
		return []resource.Resource{kmskey.Existing(s.account.KMS, s.account.Scope, encryption.KeyARN)}
	}
	spec := encryption.KMSKey
	policy, err := s.keyPolicy(spec.AdditionalStatements)
	if err != nil { // said by specProblems, which keeps the key from being written
		policy, _ = s.keyPolicy(nil)
	}
	key := kmskey.New(s.account.KMS, s.account.Logs, kmskey.Desired{
		Alias: spec.Alias, Policy: policy,
		RotationPeriodDays: spec.RotationPeriodDays, DeletionWindowDays: spec.DeletionWindowDays,
		Description: "FargateSecurityProfile " + s.profile.Namespace + "/" + s.profile.Name,
	}, s.prior[s.keyID()], s.orphanKeys)
	key.Patient(s.memory.principals)
	return []resource.Resource{key}
}

// keyPolicy is the policy of the declared key with statements added to it.
func (s *stack) keyPolicy(additional []string) (string, error) {
	var groups []string
	if s.profile.Spec.Logging != nil {
		groups = []string{s.logGroupName()}
	}
	return kmskey.Policy(s.account.Scope, groups, additional)
}

// keyID names the declared key: by its alias, or, one that is only used, by its id.
func (s *stack) keyID() resource.ID {
	if key := s.profile.Spec.Encryption.KMSKey; key != nil {
		return resource.ID{Kind: kmskey.Kind, Name: key.Alias}
	}
	return resource.ID{Kind: kmskey.Kind, Name: lastPart(s.profile.Spec.Encryption.KeyARN)}
}

// retiredKeys are keys that we made for this profile and that it does not declare any more: the log group lets go of
// them, so that they can be removed.
func (s *stack) retiredKeys() []string {
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
func (s *stack) orphanKeys(ctx context.Context) ([]string, error) {
	return s.view.OwnedKeys(ctx, s.owner)
}

func (s *stack) logGroup() []resource.Resource {
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
	return []resource.Resource{loggroup.New(s.account.Logs, s.account.Scope, desired)}
}

func (s *stack) logGroupName() string {
	if name := s.profile.Spec.Logging.LogGroup.Name; name != "" {
		return name
	}
	return "/aws/eks/" + s.profile.Spec.ClusterName + "/fargate/" + s.profile.ProfileName()
}

func (s *stack) role() resource.Resource {
	spec := s.profile.Spec.PodExecutionRole
	if spec.ExistingARN != "" {
		return iamrole.Existing(s.account.IAM, s.account.EKS, s.memory.policies, spec.ExistingARN, s.profile.Spec.ClusterName, s.account.guard)
	}
	res := iamrole.New(s.account.IAM, s.account.EKS, s.memory.policies, iamrole.Desired{
		Name:                   s.roleName(),
		TrustPolicy:            iamrole.TrustPolicy(s.account.Scope, s.profile.Spec.ClusterName),
		ManagedPolicyARNs:      s.managedPolicies(),
		InlinePolicies:         s.inlinePolicies(),
		PermissionsBoundaryARN: spec.PermissionsBoundaryARN, FormerBoundaryARNs: s.profile.Status.PermissionsBoundaryARNs,
		RemoveUnlisted:     removes(spec.UnlistedPolicies),
		Guard:              s.account.guard,
		MaxManagedPolicies: int(s.account.quotas.ManagedPoliciesPerRole),
		ClusterName:        s.profile.Spec.ClusterName,
	})
	res.FindTwins(s.view.RoleLike)
	return res
}

// boundary is the boundary that the role is to have, "" for none, or where the role is only used.
func (s *stack) boundary() string {
	spec := s.profile.Spec.PodExecutionRole
	if spec.ExistingARN != "" {
		return ""
	}
	return cmp.Or(spec.PermissionsBoundaryARN, s.account.guard.PermissionsBoundaryARN)
}

func (s *stack) roleID() resource.ID {
	if arn := s.profile.Spec.PodExecutionRole.ExistingARN; arn != "" {
		return resource.ID{Kind: iamrole.Kind, Name: arn[strings.LastIndex(arn, "/")+1:]}
	}
	return resource.ID{Kind: iamrole.Kind, Name: s.roleName()}
}

// roleName is the declared name, or one made of cluster and profile that fits IAM's 64 characters.
func (s *stack) roleName() string {
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
func (s *stack) managedPolicies() []string {
	if declared := s.profile.Spec.PodExecutionRole.ManagedPolicyARNs; declared != nil {
		return *declared
	}
	return []string{"arn:" + s.account.Partition + ":iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"}
}

func (s *stack) inlinePolicies() map[string]string {
	policies := map[string]string{}
	for _, p := range s.profile.Spec.PodExecutionRole.InlinePolicies {
		policies[p.Name] = p.Document
	}
	if s.profile.Spec.Logging != nil {
		policies[loggingPolicyName] = iamrole.LoggingPolicy(s.account.Scope, s.logGroupName())
	}
	return policies
}

func (s *stack) securityGroups() []resource.Resource {
	siblings := []string{}
	for _, g := range s.profile.Spec.SecurityGroups {
		siblings = append(siblings, g.Name)
	}
	var list []resource.Resource
	for _, g := range s.profile.Spec.SecurityGroups {
		list = append(list, securitygroup.New(s.account.EC2, securitygroup.Desired{
			Name: g.Name, Description: g.Description,
			Ingress: declaredRules(g.Ingress), Egress: declaredRules(g.Egress),
			Ignore: ignoredRules(g.IgnoreRules), RemoveUnlisted: removes(g.UnlistedRules),
			Guard: s.account.guard, Cluster: s.clusterID(), Siblings: siblings,
			MaxRules: int(s.account.quotas.RulesPerSecurityGroup), AccountID: s.account.AccountID,
		}, s.prior[groupID(g.Name)]))
	}
	return list
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

func (s *stack) podSecurityGroups() []resource.Resource {
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
	return []resource.Resource{podsecuritygroups.New(s.policies, desired)}
}

func (s *stack) fargateProfile() resource.Resource {
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
	res := fargateprofile.New(s.account.EKS, s.account.EC2, s.memory.queue, s.owner, desired, s.prior[id])
	res.Wake(s.wake)
	return res
}
