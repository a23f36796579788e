// SPDX-License-Identifier: Apache-2.0

// Package inventory reads an account as a whole, instead of object by object. A View stands between the operator and the
// SDK's clients: it answers the same calls, out of sweeps that all profiles share, and joins what is asked for at the same
// moment. Resources do not know whether they are answered by AWS or by a View.
//
// What a View says may be some minutes old, so nothing is ever written on its word: a pass that finds anything to do, or
// to report as new, reads AWS itself (decision 0015).
package inventory

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// View is what is known of one account and Region. It is safe for concurrent use.
type View struct {
	aws awsapi.Clients
	now func() time.Time
	// ownerTag is the key of the tag that marks what operators made.
	ownerTag string

	// What one sweep gives for all profiles.
	roles     shared[roles]
	groups    shared[groups]
	rules     shared[map[string][]ec2types.SecurityGroupRule] // by group
	subnets   shared[map[string]ec2types.Subnet]
	routes    shared[map[string][]ec2types.RouteTable] // by VPC
	logGroups shared[logGroups]
	tagged    shared[tagged]

	// What has to be asked for one by one.
	clusters  answers[*eks.DescribeClusterOutput]
	names     answers[*eks.ListFargateProfilesOutput]
	profiles  answers[*eks.DescribeFargateProfileOutput]
	keys      answers[*kms.DescribeKeyOutput]
	policies  answers[*kms.GetKeyPolicyOutput]
	rotations answers[*kms.GetKeyRotationStatusOutput]
	lists     answers[*ec2.GetManagedPrefixListEntriesOutput]

	roleUse, logUse use
}

// NewView returns a View that knows nothing yet. It asks clients, takes the time from now, and knows the objects of
// operators by the tag with the key ownerTag.
func NewView(clients awsapi.Clients, now func() time.Time, ownerTag string) *View {
	return &View{aws: clients, now: now, ownerTag: ownerTag}
}

// Since returns clients whose reads are answered with nothing that was read before notBefore. Their writes, and reads of
// other forms than the operator's own, go to AWS.
func (v *View) Since(notBefore time.Time) awsapi.Clients {
	q := query{v, notBefore}
	clients := v.aws
	clients.EKS = eksReads{v.aws.EKS, q}
	clients.IAM = iamReads{v.aws.IAM, q}
	clients.EC2 = ec2Reads{v.aws.EC2, q}
	clients.KMS = kmsReads{v.aws.KMS, q}
	clients.Logs = logsReads{v.aws.Logs, q}
	return clients
}

// query is a View, and how old its answers may be.
type query struct {
	view      *View
	notBefore time.Time
}
