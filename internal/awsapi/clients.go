// SPDX-License-Identifier: Apache-2.0

// Package awsapi is the only door to AWS: one narrow interface per service, sessions per account, what every call
// has in common (metrics, user agent, retries), and what an error means.
//
// What is about one service is in the file of its name; service.go has the list of them. The interfaces are the whole
// list of AWS operations that the operator can call: the IAM policy in docs/iam.md is generated from them (policy.go),
// and a test compares it with what the simulator was asked.
package awsapi

import (
	"github.com/aws/aws-sdk-go-v2/aws"
)

// Clients are the services of one verified account and Region.
type Clients struct {
	EKS     EKS
	IAM     IAM
	EC2     EC2
	KMS     KMS
	Logs    Logs
	STS     STS
	SQS     SQS
	Tagging Tagging
}

// NewClients makes the clients of all services. It is the only place that does: whoever needs Clients, tests too, gives
// it the SDK's configuration.
func NewClients(sdk aws.Config) Clients {
	var c Clients
	for _, s := range services {
		s.connect(sdk, &c)
	}
	return c
}

// Scope is where Clients point to.
type Scope struct {
	// Partition is aws, aws-cn or aws-us-gov.
	Partition, AccountID, Region string
	// Endpoint is the stand-in's URL, "" for AWS itself.
	Endpoint string
}

// Account is a verified AWS account with the clients that reach it.
type Account struct {
	Scope
	Clients
	// CallerARN is who AWS says we are.
	CallerARN string
}
