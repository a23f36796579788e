// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"fmt"
	"strings"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// principalPatience is how long a policy is tried whose principal KMS does not know: a role that was just made is not seen
// everywhere for a while (https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, Policy). It is as long as
// terraform-provider-aws goes on (propagationTimeout in internal/service/iam).
const principalPatience = 2 * time.Minute

// forgetAfter is when a refusal that nobody met again is forgotten.
const forgetAfter = time.Hour

// invalidPrincipal is in what KMS says of a principal that it does not know. The code alone is that of any bad policy.
const invalidPrincipal = "invalid principals"

// NewPrincipals returns the memory of the principals that KMS does not know yet. One serves an account.
func NewPrincipals(now func() time.Time) *memo.Refusals {
	return memo.NewRefusals(now, principalPatience, forgetAfter)
}

// Patient says where to remember that KMS does not know a principal yet. Without it nothing is waited for.
func (r *Resource) Patient(principals *memo.Refusals) { r.principals = principals }

// withPolicy turns the refusal of a principal into waiting, for a bounded time: a role that was just made is one that KMS
// does not see yet.
func (r *Resource) withPolicy(what string, err error) error {
	policy := r.alias + " " + canonical.Hash(r.desired.Policy)
	switch {
	case r.principals == nil:
	case err == nil:
		r.principals.Accepted(policy)
	case awsapi.Code(err) == "MalformedPolicyDocumentException" && strings.Contains(err.Error(), invalidPrincipal) && r.principals.Refused(policy):
		return &resource.Waiting{Reason: ReasonWaitingForPrincipal, Message: fmt.Sprintf(
			"%s: KMS does not know a principal of the key policy; if it was just made, KMS sees it in a while, else correct additionalStatements", r.ID())}
	}
	return r.doing(what, err)
}
