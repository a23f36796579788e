// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// STS is what the operator calls of AWS Security Token Service (AssumeRole is called by the SDK's credentials provider).
type STS interface {
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

// stsService is AWS Security Token Service. Its error codes are in this file, below: they count for something only while
// the SDK obtains credentials (obtain.go). Each Regional endpoint has its rate limit:
// https://repost.aws/knowledge-center/iam-sts-throttling-error.
var stsService = service{
	id:         sts.ServiceID,
	client:     reflect.TypeFor[STS](),
	connect:    func(sdk aws.Config, c *Clients) { c.STS = sts.NewFromConfig(sdk) },
	prefix:     "sts",
	noNotFound: "GetCallerIdentity names no object",
	implied:    []string{assumeRole, tagSession},
	policy: grants{roles: []Statement{{
		Sid: "AssumeRoleOfAccount",
		Why: "Only for AWSAccounts with spec.assumeRole, and only in the policy of the operator's own identity; the roles that it assumes do not need it. Put the ARNs of your roles here if they are named otherwise. " +
			"sts:TagSession is for the session tags of EKS Pod Identity, which go on to the role; with IRSA it can be left out.",
		Action:   []string{assumeRole, tagSession},
		Resource: []string{"arn:*:iam::*:role/fargate-security-operator*"},
	}}},
}

const (
	// assumeRole is called by the SDK's credentials provider where an AWSAccount has spec.assumeRole (session.go).
	assumeRole = "sts:AssumeRole"
	// tagSession is checked by sts:AssumeRole when the operator's own session has transitive tags, as that of EKS Pod
	// Identity has: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html. No tags of ours are ever set.
	tagSession = "sts:TagSession"
	// webIdentity is called by the SDK for the operator's first credentials with IRSA. It is signed by nobody, so no policy
	// of the operator allows it: the trust policy of its role does.
	webIdentity = "sts:AssumeRoleWithWebIdentity"
)

// The codes of STS, and what they mean (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
// "Errors").
const (
	regionDisabled  = "RegionDisabledException"
	issuerUnreached = "IDPCommunicationError"
	sessionTooLarge = "PackedPolicyTooLarge"
	badRequest      = "ValidationError"
)

// tokenAdvice is what to do about a token of IRSA that STS does not take, by STS's code.
var tokenAdvice = map[string]string{
	"InvalidIdentityToken": ": SAID; IAM needs an identity provider with the issuer of the cluster's tokens and the audience sts.amazonaws.com (docs/iam.md)",
	"IDPRejectedClaim":     "; its claims are refused or revoked: start the operator's pod again, so that it gets a new one",
	"ExpiredTokenException": "; it has expired, although the kubelet renews it in the pod: look at the clocks of the node and the cluster, " +
		"and start the operator's pod again",
}

// roleAdvice is what to do about a role that the operator may not assume, by the action that was refused.
var roleAdvice = map[string]string{
	assumeRole: "allow it in the trust policy of the role in spec.assumeRole, and in the operator's IAM policy (docs/iam.md)",
	webIdentity: "the trust policy of the operator's role (AWS_ROLE_ARN) has to let in the cluster's OIDC provider, with the audience sts.amazonaws.com " +
		"and the operator's service account (docs/iam.md)",
}

// tagAdvice: the session tags that EKS Pod Identity sets are transitive
// (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html), so that they go on to the roles that a session
// assumes, which takes sts:TagSession on both sides
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required).
const tagAdvice = "the operator's session has tags that go on to the roles that it assumes, as those of EKS Pod Identity do: " +
	"allow sts:TagSession beside sts:AssumeRole, in the trust policy of the role in spec.assumeRole and in the operator's IAM policy (docs/iam.md)"
