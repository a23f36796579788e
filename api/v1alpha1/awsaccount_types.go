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
