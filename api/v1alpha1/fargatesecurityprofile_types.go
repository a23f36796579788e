// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// UnlistedPolicy says what happens with something found in AWS that the spec does not list.
// +kubebuilder:validation:Enum=Remove;Report
type UnlistedPolicy string

// The ways with what is not listed. What a guardrail of the account forbids is removed in any case.
const (
	UnlistedRemove UnlistedPolicy = "Remove"
	UnlistedReport UnlistedPolicy = "Report"
)

// ReplacePolicy says what happens when an immutable object would have to be replaced.
// +kubebuilder:validation:Enum=Never
type ReplacePolicy string

// ReplaceNever reports what needs a replacement and changes nothing.
const ReplaceNever ReplacePolicy = "Never"

// ClusterGroupPolicy says whether pods get the cluster security group beside their own groups.
// +kubebuilder:validation:Enum=Include;Exclude
type ClusterGroupPolicy string

// The ways with the cluster security group.
const (
	ClusterGroupInclude ClusterGroupPolicy = "Include"
	ClusterGroupExclude ClusterGroupPolicy = "Exclude"
)

// FargateSecurityProfileSpec declares one EKS Fargate profile and everything linked to it.
// +kubebuilder:validation:XValidation:rule="!has(self.securityGroups) || self.securityGroups.all(g, !has(g.ingress) || g.ingress.all(r, !has(r.securityGroupName) || self.securityGroups.exists(o, o.name == r.securityGroupName)))",message="securityGroupName of an ingress rule must be the name of a group in securityGroups: declare it there, or name any other group by securityGroupID",fieldPath=".securityGroups"
// +kubebuilder:validation:XValidation:rule="!has(self.securityGroups) || self.securityGroups.all(g, !has(g.egress) || g.egress.all(r, !has(r.securityGroupName) || self.securityGroups.exists(o, o.name == r.securityGroupName)))",message="securityGroupName of an egress rule must be the name of a group in securityGroups: declare it there, or name any other group by securityGroupID",fieldPath=".securityGroups"
// +kubebuilder:validation:XValidation:rule="!has(self.podSecurityGroups) || (has(self.securityGroups) && size(self.securityGroups) > 0)",message="podSecurityGroups needs at least one entry in securityGroups: these are the groups that the pods get"
// +kubebuilder:validation:XValidation:rule="!has(self.podSecurityGroups) || !has(self.securityGroups) || self.podSecurityGroups.clusterSecurityGroup == 'Exclude' || size(self.securityGroups) <= 4",message="with podSecurityGroups at most 4 securityGroups can be declared, since a pod has at most 5 and the cluster's own group is one of them: declare fewer, or set clusterSecurityGroup to Exclude",fieldPath=".securityGroups"
type FargateSecurityProfileSpec struct {
	DeclarationSpec `json:",inline"`

	// clusterName is the EKS cluster; it must exist.
	// +required
	// +kubebuilder:validation:Pattern=`^[0-9A-Za-z][A-Za-z0-9_-]*$`
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="clusterName cannot be changed: create another FargateSecurityProfile for the other cluster"
	ClusterName string `json:"clusterName,omitempty"`

	// fargateProfile is the EKS Fargate profile itself.
	// +required
	FargateProfile FargateProfileSpec `json:"fargateProfile,omitzero"`

	// podExecutionRole is the role that the Fargate infrastructure uses for the profile's pods. Omitted: one is made
	// with the defaults.
	// +optional
	PodExecutionRole PodExecutionRoleSpec `json:"podExecutionRole,omitzero"`

	// securityGroups are groups in the cluster's VPC. The rules listed are all the rules: egress too.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=5
	SecurityGroups []SecurityGroupSpec `json:"securityGroups,omitempty"`

	// podSecurityGroups gives the securityGroups to pods, by a SecurityGroupPolicy in the workload cluster.
	// +optional
	PodSecurityGroups *PodSecurityGroupsSpec `json:"podSecurityGroups,omitempty"`

	// logging is where the pods' logs go.
	// +optional
	Logging *LoggingSpec `json:"logging,omitempty"`

	// encryption is the key that encrypts the log group.
	// +optional
	Encryption *EncryptionSpec `json:"encryption,omitempty"`
}

// FargateProfileSpec declares the EKS Fargate profile. Selectors, subnets and role are immutable in AWS: a change is
// reported as what it is, a replacement.
type FargateProfileSpec struct {
	// name of the profile in EKS; default: metadata.name.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9A-Za-z][A-Za-z0-9_-]*$`
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('eks-')",message="fargateProfile.name must not begin with eks-: AWS keeps that prefix for itself"
	Name string `json:"name,omitempty"`

	// selectors say which pods run on Fargate: 1 to 5.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	Selectors []ProfileSelector `json:"selectors,omitempty"`

	// subnetIDs are private subnets of the cluster's VPC: one whose route table leads to an internet gateway is refused.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Pattern=`^subnet-[0-9a-z]+$`
	// +kubebuilder:validation:items:MaxLength=64
	SubnetIDs []string `json:"subnetIDs,omitempty"`

	// replacePolicy says what happens when the profile would have to be replaced. Never: it is reported.
	// +optional
	// +kubebuilder:default=Never
	ReplacePolicy ReplacePolicy `json:"replacePolicy,omitempty"`
}

// ProfileSelector selects pods by namespace and labels; * and ? are wildcards, as AWS has them.
type ProfileSelector struct {
	// namespace of the pods.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?$`
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// labels that the pods must all have: up to 5.
	// +optional
	// +kubebuilder:validation:MaxProperties=5
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && k.matches('^([a-z0-9*?.-]+/)?[A-Za-z0-9*?._-]{1,63}$'))",message="a selector's label keys must be those of Kubernetes labels, such as tier or app.kubernetes.io/name; * and ? are wildcards"
	Labels map[string]SelectorLabelValue `json:"labels,omitempty"`
}

// SelectorLabelValue is a label's value; * and ? are wildcards.
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[A-Za-z0-9*?._-]*$`
type SelectorLabelValue string

// PodExecutionRoleSpec declares the pod execution role. Its trust policy is always the operator's:
// eks-fargate-pods.amazonaws.com, with aws:SourceArn on the Fargate profiles of this cluster.
// +kubebuilder:validation:XValidation:rule="!has(self.existingARN) || (!has(self.name) && !has(self.managedPolicyARNs) && !has(self.inlinePolicies) && !has(self.permissionsBoundaryARN))",message="existingARN names a role that the operator only verifies: leave out name, managedPolicyARNs, inlinePolicies and permissionsBoundaryARN, or leave out existingARN"
type PodExecutionRoleSpec struct {
	// name of the role; default: <clusterName>-<fargateProfile.name>-fargate, shortened to 64 characters.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9+=,.@_-]+$`
	// +kubebuilder:validation:MaxLength=64
	Name string `json:"name,omitempty"`

	// managedPolicyARNs are attached to the role. Omitted: AmazonEKSFargatePodExecutionRolePolicy. An empty list: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=25
	// +kubebuilder:validation:items:Pattern=`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$`
	// +kubebuilder:validation:items:MaxLength=2048
	ManagedPolicyARNs *[]string `json:"managedPolicyARNs,omitempty"`

	// inlinePolicies are written into the role.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=10
	InlinePolicies []InlinePolicy `json:"inlinePolicies,omitempty"`

	// permissionsBoundaryARN limits what the role can do; default: the account's guardrail.
	// +optional
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$`
	// +kubebuilder:validation:MaxLength=2048
	PermissionsBoundaryARN string `json:"permissionsBoundaryARN,omitempty"`

	// unlistedPolicies says what happens with policies found on the role that are not listed here: Remove or Report.
	// +optional
	// +kubebuilder:default=Remove
	UnlistedPolicies UnlistedPolicy `json:"unlistedPolicies,omitempty"`

	// existingARN names a role that is only verified, never written.
	// +optional
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`
	// +kubebuilder:validation:MaxLength=2048
	ExistingARN string `json:"existingARN,omitempty"`
}

// InlinePolicy is a policy written into a role.
type InlinePolicy struct {
	// name of the policy. fargate-logging is the operator's own.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9+=,.@_-]+$`
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self != 'fargate-logging'",message="fargate-logging is the name of the policy that the operator writes for logging: choose another name"
	Name string `json:"name,omitempty"`

	// document is the policy as JSON.
	// +required
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=20480
	// +kubebuilder:validation:XValidation:rule="self.trim().startsWith('{') && self.trim().endsWith('}')",message="document must be a JSON object such as {\"Version\":\"2012-10-17\",\"Statement\":[...]}"
	Document string `json:"document,omitempty"`
}

// SecurityGroupSpec declares a security group and all of its rules.
type SecurityGroupSpec struct {
	// name of the group, unique in the VPC.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9 ._:/()#,@+=&;{}!$*\[\]-]+$`
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('sg-') && self != 'default'",message="a security group's name must not begin with sg- and must not be default: AWS keeps these for itself"
	// +kubebuilder:validation:XValidation:rule="self == self.trim()",message="a security group's name must not begin or end with a space: AWS cuts them off"
	Name string `json:"name,omitempty"`

	// description of the group; AWS cannot change it later. Default: the name.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9 ._:/()#,@+=&;{}!$*\[\]-]*$`
	// +kubebuilder:validation:MaxLength=255
	Description string `json:"description,omitempty"`

	// ingress rules: all of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=60
	Ingress []SecurityGroupRule `json:"ingress,omitempty"`

	// egress rules: all of them. None listed means that nothing may leave, other than by other groups of the pod.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=60
	Egress []SecurityGroupRule `json:"egress,omitempty"`

	// unlistedRules says what happens with rules found on the group that are not listed here: Remove or Report.
	// +optional
	// +kubebuilder:default=Remove
	UnlistedRules UnlistedPolicy `json:"unlistedRules,omitempty"`

	// ignoreRules are rules of other controllers: what one of these fits and nobody declared is left alone, and is no drift,
	// unless a guardrail of the account forbids it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	IgnoreRules []IgnoredRules `json:"ignoreRules,omitempty"`
}

// IgnoredRules says which rules another controller keeps: by their description, or by a tag of the rule.
// +kubebuilder:validation:ExactlyOneOf=description;tagKey
// +kubebuilder:validation:XValidation:rule="!has(self.tagValue) || has(self.tagKey)",message="tagValue goes with tagKey: name the key as well"
type IgnoredRules struct {
	// description of the rules; * stands for any characters, ? for one. A load balancer controller writes
	// elbv2.k8s.aws/targetGroupBinding=shared.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="!self.matches('^[*?]+$')",message="description must hold more than wildcards: rules without a description of their own would all be ignored"
	Description string `json:"description,omitempty"`

	// tagKey is the key of a tag that the rules carry.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	TagKey string `json:"tagKey,omitempty"`

	// tagValue is the value of that tag, with wildcards as in description; omitted: any.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	TagValue string `json:"tagValue,omitempty"`
}

// SecurityGroupRule is one rule; exactly one of cidr, securityGroupName, securityGroupID and prefixListID says with whom.
// +kubebuilder:validation:ExactlyOneOf=cidr;securityGroupName;securityGroupID;prefixListID
// +kubebuilder:validation:XValidation:rule="has(self.fromPort) == has(self.toPort)",message="fromPort and toPort go together: give both, or neither"
// +kubebuilder:validation:XValidation:rule="!has(self.fromPort) || !has(self.toPort) || self.protocol in ['icmp', 'icmpv6', '1', '58'] || self.fromPort <= self.toPort",message="fromPort must not be above toPort"
// +kubebuilder:validation:XValidation:rule="self.protocol in ['tcp', 'udp', 'icmp', 'icmpv6', '1', '6', '17', '58'] || !has(self.fromPort)",message="only tcp, udp, icmp and icmpv6 have ports: leave fromPort and toPort out, or name one of these protocols"
// +kubebuilder:validation:XValidation:rule="!(self.protocol in ['tcp', 'udp', '6', '17']) || has(self.fromPort)",message="tcp and udp need fromPort and toPort (0 and 65535 for all ports)"
// +kubebuilder:validation:XValidation:rule="self.protocol in ['icmp', 'icmpv6', '1', '58'] || !has(self.fromPort) || self.fromPort >= 0",message="-1 (all types) is for icmp and icmpv6 only: ports go from 0 to 65535"
// +kubebuilder:validation:XValidation:rule="!(self.protocol in ['icmp', 'icmpv6', '1', '58']) || !has(self.fromPort) || !has(self.toPort) || (self.fromPort <= 255 && self.toPort <= 255 && (self.fromPort != -1 || self.toPort == -1))",message="for icmp and icmpv6, fromPort is the type and toPort the code: each from 0 to 255, or -1 for all; with type -1 the code must be -1 too"
type SecurityGroupRule struct {
	// protocol is tcp, udp, icmp, icmpv6, -1 (all traffic), or a protocol number.
	// +required
	// +kubebuilder:validation:Pattern=`^(tcp|udp|icmp|icmpv6|-1|[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$`
	// +kubebuilder:validation:MaxLength=6
	Protocol string `json:"protocol,omitempty"`

	// fromPort is the first port, or the ICMP type (-1: all).
	// +optional
	// +kubebuilder:validation:Minimum=-1
	// +kubebuilder:validation:Maximum=65535
	FromPort *int32 `json:"fromPort,omitempty"`

	// toPort is the last port, or the ICMP code (-1: all).
	// +optional
	// +kubebuilder:validation:Minimum=-1
	// +kubebuilder:validation:Maximum=65535
	ToPort *int32 `json:"toPort,omitempty"`

	// cidr is an IPv4 or IPv6 range.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=49
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="cidr must be an IPv4 or IPv6 range such as 10.0.0.0/16 or 2001:db8::/32"
	CIDR string `json:"cidr,omitempty"`

	// securityGroupName is another group of this profile (or the group itself).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	SecurityGroupName string `json:"securityGroupName,omitempty"`

	// securityGroupID is any group, by its id.
	// +optional
	// +kubebuilder:validation:Pattern=`^sg-[0-9a-z]+$`
	// +kubebuilder:validation:MaxLength=64
	SecurityGroupID string `json:"securityGroupID,omitempty"`

	// securityGroupAccountID is the account of the group in securityGroupID, where that is another one: a group of a
	// peered VPC in the same Region, which EC2 has to be told. It goes with securityGroupID only.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9]{12}$`
	// +kubebuilder:validation:MaxLength=12
	SecurityGroupAccountID string `json:"securityGroupAccountID,omitempty"`

	// prefixListID is a managed prefix list.
	// +optional
	// +kubebuilder:validation:Pattern=`^pl-[0-9a-z]+$`
	// +kubebuilder:validation:MaxLength=64
	PrefixListID string `json:"prefixListID,omitempty"`

	// description of the rule.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9 ._:/()#,@+=&;{}!$*\[\]-]*$`
	// +kubebuilder:validation:MaxLength=255
	Description string `json:"description,omitempty"`
}

// PodSecurityGroupsSpec gives security groups to pods. Exactly one of podSelector and serviceAccountSelector.
// +kubebuilder:validation:ExactlyOneOf=podSelector;serviceAccountSelector
type PodSecurityGroupsSpec struct {
	// namespace of the pods in the workload cluster.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// podSelector selects pods by their labels.
	// +optional
	PodSelector *metav1.LabelSelector `json:"podSelector,omitempty"`

	// serviceAccountSelector selects pods by the labels of their service account.
	// +optional
	ServiceAccountSelector *metav1.LabelSelector `json:"serviceAccountSelector,omitempty"`

	// clusterSecurityGroup is Include or Exclude. Excluded, the pods need their own way to the control plane and DNS.
	// +optional
	// +kubebuilder:default=Include
	ClusterSecurityGroup ClusterGroupPolicy `json:"clusterSecurityGroup,omitempty"`
}

// LoggingSpec declares where the pods' logs go. The role gets just the permissions that the group needs.
type LoggingSpec struct {
	// logGroup is the CloudWatch Logs group; omitted: one with the defaults.
	// +optional
	LogGroup LogGroupSpec `json:"logGroup,omitzero"`
}

// LogGroupSpec declares a CloudWatch Logs group.
type LogGroupSpec struct {
	// name of the group; default: /aws/eks/<clusterName>/fargate/<fargateProfile.name>.
	// +optional
	// +kubebuilder:validation:Pattern=`^[.\-_/#A-Za-z0-9]+$`
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('aws/')",message="a log group's name must not begin with aws/: AWS keeps that prefix for itself (/aws/... is fine)"
	Name string `json:"name,omitempty"`

	// retentionDays is how long log events are kept. Omitted: for ever.
	// +optional
	// +kubebuilder:validation:Enum=1;3;5;7;14;30;60;90;120;150;180;365;400;545;731;1096;1827;2192;2557;2922;3288;3653
	RetentionDays *int32 `json:"retentionDays,omitempty"`
}

// EncryptionSpec names the key: exactly one of kmsKey and keyARN.
// +kubebuilder:validation:ExactlyOneOf=kmsKey;keyARN
type EncryptionSpec struct {
	// kmsKey is a key that the operator keeps.
	// +optional
	KMSKey *KMSKeySpec `json:"kmsKey,omitempty"`

	// keyARN is a key that is only used, never written.
	// +optional
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`
	// +kubebuilder:validation:MaxLength=2048
	KeyARN string `json:"keyARN,omitempty"`
}

// KMSKeySpec declares a KMS key. Its policy lets the account administer it and CloudWatch Logs use it for this
// profile's groups only.
type KMSKeySpec struct {
	// alias of the key, with its prefix alias/.
	// +required
	// +kubebuilder:validation:Pattern=`^alias/[a-zA-Z0-9/_-]+$`
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('alias/aws/')",message="alias must not begin with alias/aws/: these are AWS's own keys"
	Alias string `json:"alias,omitempty"`

	// rotationPeriodDays is how often the key material is renewed: 90 to 2560 days.
	// +optional
	// +kubebuilder:default=365
	// +kubebuilder:validation:Minimum=90
	// +kubebuilder:validation:Maximum=2560
	RotationPeriodDays int32 `json:"rotationPeriodDays,omitempty"`

	// deletionWindowDays is how long AWS keeps the key after the operator has scheduled its deletion: 7 to 30 days.
	// +optional
	// +kubebuilder:default=30
	// +kubebuilder:validation:Minimum=7
	// +kubebuilder:validation:Maximum=30
	DeletionWindowDays int32 `json:"deletionWindowDays,omitempty"`

	// additionalStatements are added to the key policy, each a JSON object.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MinLength=2
	// +kubebuilder:validation:items:MaxLength=8192
	// +kubebuilder:validation:items:XValidation:rule="self.trim().startsWith('{') && self.trim().endsWith('}')",message="an additional statement must be a JSON object such as {\"Effect\":\"Allow\",\"Principal\":{...},\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}"
	AdditionalStatements []string `json:"additionalStatements,omitempty"`
}

// FargateSecurityProfile is one EKS Fargate profile and everything linked to it: pod execution role, pod security
// groups, log group, KMS key.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=fsp,categories=fargate
// +kubebuilder:selectablefield:JSONPath=`.spec.clusterName`
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterName`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Drifted",type=string,JSONPath=`.status.conditions[?(@.type=="Drifted")].status`
// +kubebuilder:printcolumn:name="Drift",type=integer,JSONPath=`.status.driftCount`
// +kubebuilder:printcolumn:name="Posture",type=integer,JSONPath=`.status.posture.score`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Profile",type=string,priority=1,JSONPath=`.status.profileStatus`
// +kubebuilder:printcolumn:name="Status",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 100",message="metadata.name must have at most 100 characters: AWS owner tags and profile names have no room for more",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="has(self.spec.fargateProfile.name) || self.metadata.name.matches('^[a-z0-9-]+$') && !self.metadata.name.startsWith('eks-')",message="without fargateProfile.name, metadata.name is the profile's name in EKS and must not contain dots or begin with eks-: set spec.fargateProfile.name",fieldPath=".spec.fargateProfile"
// +kubebuilder:validation:XValidation:rule="(has(self.spec.fargateProfile.name) ? self.spec.fargateProfile.name : self.metadata.name) == (has(oldSelf.spec.fargateProfile.name) ? oldSelf.spec.fargateProfile.name : oldSelf.metadata.name)",message="fargateProfile.name (default: metadata.name) cannot be changed, since AWS cannot rename a profile: create another FargateSecurityProfile",fieldPath=".spec.fargateProfile"
type FargateSecurityProfile struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec declares the Fargate profile and everything linked to it.
	// +required
	Spec FargateSecurityProfileSpec `json:"spec,omitzero"`

	// status is what the operator found and did.
	// +optional
	Status FargateSecurityProfileStatus `json:"status,omitzero"`
}

// FargateSecurityProfileList is a list of FargateSecurityProfiles.
//
// +kubebuilder:object:root=true
type FargateSecurityProfileList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []FargateSecurityProfile `json:"items"`
}

// Declared implements Declaration.
func (p *FargateSecurityProfile) Declared() *DeclarationSpec { return &p.Spec.DeclarationSpec }

// Found implements Declaration.
func (p *FargateSecurityProfile) Found() *DeclarationStatus { return &p.Status.DeclarationStatus }

// ProfileName is the name of the profile in EKS.
func (p *FargateSecurityProfile) ProfileName() string {
	if p.Spec.FargateProfile.Name != "" {
		return p.Spec.FargateProfile.Name
	}
	return p.Name
}
