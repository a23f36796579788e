// SPDX-License-Identifier: Apache-2.0

// Package observed holds what AWS says about the objects that a profile links, in neutral types. The resources fill
// it, the pure code (diffs, controls) reads it; it imports neither the AWS SDK nor anything of Kubernetes.
package observed

// State is everything that one pass observed for a profile. A nil or empty part was not declared or could not be
// read; whoever judges it says Unknown, never "fine".
type State struct {
	Cluster           *Cluster
	Subnets           []Subnet
	Role              *Role
	SecurityGroups    []SecurityGroup
	PodSecurityGroups *PodSecurityGroups
	LogGroup          *LogGroup
	Key               *Key
	FargateProfile    *FargateProfile
	// OtherProfiles are the other Fargate profiles of the same cluster, whoever made them.
	OtherProfiles []FargateProfile
}

// Cluster is an EKS cluster.
type Cluster struct {
	Name, ARN, Status, VPCID string
	// SecurityGroupID is the cluster security group that EKS makes ("" where AWS gave none).
	SecurityGroupID string
}

// Subnet is a subnet as the routing of its VPC makes it.
type Subnet struct {
	ID, VPCID string
	// Found is false for an id that AWS does not know.
	Found bool
	// Public is true when the subnet's route table leads to an internet gateway.
	Public bool
	// MapPublicIPOnLaunch is the subnet's own setting.
	MapPublicIPOnLaunch bool
}

// Role is an IAM role with all that is attached to it. Policy documents are plain JSON (URL-decoded).
type Role struct {
	Name, ARN           string
	TrustPolicy         string
	PermissionsBoundary string
	ManagedPolicies     []ManagedPolicy
	InlinePolicies      map[string]string
	// NodeGroup names a node group of the cluster that uses the role ("" for none, or not looked up).
	NodeGroup string
	// NodeGroupsRead is true when the node groups of the cluster were looked up, so that "" means none.
	NodeGroupsRead bool
	Tags           map[string]string
}

// ManagedPolicy is a managed policy attached to a role. Document is "" where it was not read.
type ManagedPolicy struct {
	ARN, Document string
}

// SecurityGroup is a VPC security group with its rules.
type SecurityGroup struct {
	ID, Name, Description, VPCID string
	Ingress, Egress              []Rule
	Tags                         map[string]string
}

// Rule is one security-group rule in canonical form: package canonical makes it.
type Rule struct {
	// ID is AWS's sgr-... id ("" for a declared rule).
	ID string
	// Protocol is tcp, udp, icmp, icmpv6, a number as text, or -1 for all.
	Protocol string
	// FromPort and ToPort are -1 where they have no meaning (all traffic), or for all ICMP types.
	FromPort, ToPort int32
	// Peer is a canonical CIDR, a prefix list id (pl-...) or a group id (sg-...).
	Peer        string
	Description string
	// Tags are the rule's own.
	Tags map[string]string `json:",omitempty"`
	// PeerCIDRs are the entries of the prefix list that Peer names, where they were read.
	PeerCIDRs []string
}

// PodSecurityGroups is a SecurityGroupPolicy of the workload cluster.
type PodSecurityGroups struct {
	Namespace, Name string
	GroupIDs        []string
	// PodSelector and ServiceAccountSelector are canonical JSON of the selectors ("" when absent).
	PodSelector, ServiceAccountSelector string
}

// LogGroup is a CloudWatch Logs group. RetentionDays 0 means never expires; KeyARN "" means no customer key.
type LogGroup struct {
	Name, ARN     string
	RetentionDays int32
	KeyARN        string
	Tags          map[string]string
	// Class is AWS's log group class: STANDARD, INFREQUENT_ACCESS or DELIVERY.
	Class string
	// Protected: its deletion protection is on.
	Protected bool
}

// Key is a KMS key. State is AWS's KeyState (Enabled, Disabled, PendingDeletion, ...).
type Key struct {
	ID, ARN, Alias, State string
	// AliasTarget is the id of the key that the alias points to now ("" when the alias is gone).
	AliasTarget        string
	Policy             string
	RotationEnabled    bool
	RotationPeriodDays int32
	// CustomerManaged is false for an AWS managed key, whose rotation AWS sees to.
	CustomerManaged bool
	Symmetric       bool
	// Replica: the key is the replica of a multi-Region key, whose rotation is its primary's.
	Replica bool
	Tags    map[string]string
}

// FargateProfile is an EKS Fargate profile. Status is AWS's: CREATING, ACTIVE, DELETING, CREATE_FAILED, DELETE_FAILED.
type FargateProfile struct {
	Name, ARN, Status, RoleARN string
	SubnetIDs                  []string
	Selectors                  []Selector
	HealthIssues               []HealthIssue
	Tags                       map[string]string
}

// Selector says which pods a Fargate profile takes; namespace and label values may hold the wildcards * and ?.
type Selector struct {
	Namespace string
	Labels    map[string]string
}

// HealthIssue is what EKS reports to be wrong with a profile.
type HealthIssue struct {
	Code, Message string
}
