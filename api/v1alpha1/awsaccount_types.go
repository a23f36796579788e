// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AWSAccountSpec says how to reach one AWS account in one Region, who may use it, and what nobody may do there.
// +kubebuilder:validation:XValidation:rule="!has(self.driftEvents) || !self.driftEvents.queueURL.contains('.amazonaws.com') || self.driftEvents.queueURL.contains('sqs.' + self.region + '.') || self.driftEvents.queueURL.contains('//' + self.region + '.')",message="driftEvents.queueURL must be in the account's region"
type AWSAccountSpec struct {
	// accountID is the 12-digit id of the account. It is compared with what AWS says of the credentials
	// (sts:GetCallerIdentity) before anything is read or written.
	// +required
	// +kubebuilder:validation:Pattern=`^[0-9]{12}$`
	// +kubebuilder:validation:MaxLength=12
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="accountID cannot be changed: create another AWSAccount and point new profiles to it"
	AccountID string `json:"accountID,omitempty"`

	// region is the AWS Region of the EKS clusters, e.g. eu-west-1.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z]{2,4}(-[a-z]+)+-[0-9]$`
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="region cannot be changed: create another AWSAccount and point new profiles to it"
	Region string `json:"region,omitempty"`

	// assumeRole is the role to work with in the account. Without it the operator's own identity is used, as the
	// SDK's default chain finds it: IRSA, EKS Pod Identity, environment.
	// +optional
	AssumeRole *AssumeRole `json:"assumeRole,omitempty"`

	// endpointURL sends every call to a local stand-in for AWS instead. Only loopback addresses and names of
	// Services in the cluster are taken.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://(127[.]0[.]0[.]1|localhost|\\\\[::1\\\\]|[a-z0-9.-]+[.]svc([.]cluster[.]local)?)(:[0-9]{1,5})?/?$')",message="endpointURL is for a local stand-in only: use http(s)://127.0.0.1[:port], localhost, [::1] or the name of a Service ending in .svc"
	EndpointURL string `json:"endpointURL,omitempty"`

	// allowedNamespaces selects, by their labels, the namespaces whose profiles may use the account. Omitted: only
	// the operator's own namespace. An empty selector allows every namespace.
	// +optional
	AllowedNamespaces *metav1.LabelSelector `json:"allowedNamespaces,omitempty"`

	// guardrails hold for every profile of the account, whatever it declares.
	// +optional
	Guardrails *Guardrails `json:"guardrails,omitempty"`

	// quotas says which of AWS's quotas have been raised for the account, so that the operator knows before it writes
	// what AWS takes. Omitted: AWS's defaults.
	// +optional
	Quotas *Quotas `json:"quotas,omitempty"`

	// resyncInterval is how often everything is read again, give or take 10 percent. From 10s; default 5m.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('10s')",message="resyncInterval must be a duration of at least 10s, such as 5m: AWS throttles accounts that are read more often"
	ResyncInterval *metav1.Duration `json:"resyncInterval,omitempty"`

	// driftEvents tell of changes within seconds of them, instead of at the next read.
	// +optional
	DriftEvents *DriftEvents `json:"driftEvents,omitempty"`
}

// DriftEvents says where AWS tells of changes.
type DriftEvents struct {
	// queueURL is the URL of the SQS queue, in the account's Region, that EventBridge rules send CloudTrail's records
	// of API calls to (config/aws has rules and queue). It is for this operator alone: what is taken out of it, nobody
	// else gets. Without the queue, or while it cannot be read, changes are seen at the next read.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https://(sqs[.][a-z0-9-]+|[a-z0-9-]+[.]queue)[.]amazonaws[.]com([.]cn)?/[0-9]{12}/[A-Za-z0-9_-]{1,80}$') || self.matches('^https?://(127[.]0[.]0[.]1|localhost|\\\\[::1\\\\]|[a-z0-9.-]+[.]svc([.]cluster[.]local)?)(:[0-9]{1,5})?/[0-9]{12}/[A-Za-z0-9_-]{1,80}$')",message="queueURL must be the URL of a standard SQS queue, such as https://sqs.eu-west-1.amazonaws.com/111122223333/fargate-drift"
	QueueURL string `json:"queueURL,omitempty"`
}

// AssumeRole is a role that the operator assumes.
type AssumeRole struct {
	// roleARN is the ARN of the role.
	// +required
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`
	// +kubebuilder:validation:MaxLength=2048
	RoleARN string `json:"roleARN,omitempty"`

	// externalID is the external id that the role's trust policy asks for.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_+=,.@:/-]+$`
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=1224
	ExternalID string `json:"externalID,omitempty"`
}

// Guardrails are limits that no profile can go past.
type Guardrails struct {
	// permissionsBoundaryARN is put on every role that the operator writes, and must be on every role that a profile
	// refers to.
	// +optional
	// +kubebuilder:validation:Pattern=`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$`
	// +kubebuilder:validation:MaxLength=2048
	PermissionsBoundaryARN string `json:"permissionsBoundaryARN,omitempty"`

	// allowedManagedPolicyARNs are the managed policies that a role may have; * and ? are wildcards. Omitted: any.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=2048
	AllowedManagedPolicyARNs []string `json:"allowedManagedPolicyARNs,omitempty"`

	// forbiddenIngressCIDRs are ranges that the ingress rules of a group may not open up to as a whole, be it by one
	// rule or by several. Omitted: 0.0.0.0/0 and ::/0.
	// +optional
	// +listType=set
	// +kubebuilder:default={"0.0.0.0/0","::/0"}
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=49
	// +kubebuilder:validation:XValidation:rule="self.all(c, isCIDR(c))",message="forbiddenIngressCIDRs must be CIDR blocks such as 0.0.0.0/0 or 2001:db8::/32"
	ForbiddenIngressCIDRs []string `json:"forbiddenIngressCIDRs,omitempty"`

	// requirePermissionsBoundary is Always (a role without a permissions boundary is refused, be it declared or referred
	// to) or Never. Which boundary it is, does not matter here: permissionsBoundaryARN demands a certain one. Omitted:
	// Never.
	// +optional
	RequirePermissionsBoundary BoundaryRequirement `json:"requirePermissionsBoundary,omitempty"`

	// forbiddenInlineActions are IAM actions that no inline policy of a role may grant, such as iam:PassRole or iam:*; * and
	// ? are wildcards, here and in the policy. What a policy denies, and the resources and conditions for which it allows
	// something, do not matter. Omitted: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z0-9*?-]+:[A-Za-z0-9*?_-]+|[*])$`
	// +kubebuilder:validation:items:MaxLength=128
	ForbiddenInlineActions []string `json:"forbiddenInlineActions,omitempty"`

	// claims says which names of the account the objects of which namespaces may use. Omitted: any name, in every namespace
	// that may use the account. With rules, what no rule for the object's namespace allows is refused before anything of it
	// is read or written in AWS.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Claims []ClaimRule `json:"claims,omitempty"`
}

// BoundaryRequirement says whether every role must have a permissions boundary.
// +kubebuilder:validation:Enum=Always;Never
type BoundaryRequirement string

// Whether every role must have a permissions boundary.
const (
	BoundaryRequiredAlways BoundaryRequirement = "Always"
	BoundaryRequiredNever  BoundaryRequirement = "Never"
)

// ClaimRule says which names objects of some namespaces may use, each list for one kind of name. * stands for any characters
// and ? for one, a glob must match the whole name, and case counts. A list that is omitted allows no name of its kind. All
// rules that select a namespace count together, but for a cluster's own names: podNamespaces and fargateProfileNames hold in
// the clusters of the same rule only.
type ClaimRule struct {
	// namespaceSelector selects, by their labels, the namespaces whose objects the rule is for. An empty selector selects
	// every namespace. Kubernetes itself labels each with its name: kubernetes.io/metadata.name.
	// +required
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// clusterNames are EKS clusters (spec.clusterName).
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[0-9A-Za-z*?][A-Za-z0-9_*?-]*$`
	// +kubebuilder:validation:items:MaxLength=100
	ClusterNames []string `json:"clusterNames,omitempty"`

	// fargateProfileNames are Fargate profiles (spec.fargateProfile.name, or the default, metadata.name).
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[0-9A-Za-z*?][A-Za-z0-9_*?-]*$`
	// +kubebuilder:validation:items:MaxLength=100
	FargateProfileNames []string `json:"fargateProfileNames,omitempty"`

	// podNamespaces are namespaces of pods (spec.fargateProfile.selectors[].namespace, spec.podSecurityGroups.namespace). A
	// selector with wildcards is allowed if one of these globs matches all that it could match.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?$`
	// +kubebuilder:validation:items:MaxLength=63
	PodNamespaces []string `json:"podNamespaces,omitempty"`

	// roleNames are IAM roles, without their path (spec.podExecutionRole.name or its default, and the name in existingARN).
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9+=,.@_*?-]+$`
	// +kubebuilder:validation:items:MaxLength=64
	RoleNames []string `json:"roleNames,omitempty"`

	// securityGroupNames are security groups (spec.securityGroups[].name). Groups that rules name as their peers are none of
	// these.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9 ._:/()#,@+=&;{}!$*?\[\]-]+$`
	// +kubebuilder:validation:items:MaxLength=255
	SecurityGroupNames []string `json:"securityGroupNames,omitempty"`

	// logGroupNames are CloudWatch Logs groups (spec.logging.logGroup.name, or its default).
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[.\-_/#A-Za-z0-9*?]+$`
	// +kubebuilder:validation:items:MaxLength=512
	LogGroupNames []string `json:"logGroupNames,omitempty"`

	// keyAliases are aliases of KMS keys, with the prefix alias/ (spec.encryption.kmsKey.alias).
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^(alias/[a-zA-Z0-9/_*?-]+|[*])$`
	// +kubebuilder:validation:items:MaxLength=256
	KeyAliases []string `json:"keyAliases,omitempty"`

	// keyARNs are ARNs of KMS keys that are only used (spec.encryption.keyARN). The aliases of such a key do not count: AWS
	// would have to be read to know them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^(arn:aws[a-z-]*:kms:[a-z0-9*?-]+:[0-9*?]+:key/[A-Za-z0-9*?-]+|[*])$`
	// +kubebuilder:validation:items:MaxLength=2048
	KeyARNs []string `json:"keyARNs,omitempty"`
}

// Quotas are quotas of AWS that Service Quotas can raise for an account, as AWS has granted them.
type Quotas struct {
	// managedPoliciesPerRole is the quota "Managed policies attached to an IAM role" (IAM), 25 at most. Omitted: 10.
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=25
	ManagedPoliciesPerRole int32 `json:"managedPoliciesPerRole,omitempty"`

	// rulesPerSecurityGroup is the quota "Inbound or outbound rules per security group" (Amazon VPC). It holds for each
	// direction, and for IPv4 and IPv6 apart. Multiplied by the groups of a network interface it cannot exceed 1000.
	// Omitted: 60.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	RulesPerSecurityGroup int32 `json:"rulesPerSecurityGroup,omitempty"`
}

// AWSAccountStatus is what the operator found.
type AWSAccountStatus struct {
	// conditions are Ready, and while True Reconciling or Stalled; with spec.driftEvents, DriftEvents too.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// callerARN is who AWS says the operator is in this account. The session's name is left out.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	CallerARN string `json:"callerARN,omitempty"`

	// lastHandledReconcileRequest echoes the annotation fargatesecurity.io/reconcile-requested-at.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastHandledReconcileRequest string `json:"lastHandledReconcileRequest,omitempty"`
}

// AWSAccount is one AWS account and Region: how to reach it, who may use it, what nobody may do there.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=awsacct,categories=fargate
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.spec.accountID`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.spec.region`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Caller",type=string,priority=1,JSONPath=`.status.callerARN`
// +kubebuilder:printcolumn:name="Status",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type AWSAccount struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says how to reach the account, who may use it, and what nobody may do there.
	// +required
	Spec AWSAccountSpec `json:"spec,omitzero"`

	// status is what the operator found.
	// +optional
	Status AWSAccountStatus `json:"status,omitzero"`
}

// AWSAccountList is a list of AWSAccounts.
//
// +kubebuilder:object:root=true
type AWSAccountList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []AWSAccount `json:"items"`
}
