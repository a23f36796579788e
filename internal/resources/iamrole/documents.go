// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

const (
	// customerPolicyTTL bounds how long a new version of a customer managed policy goes unseen by the posture
	// controls; one GetPolicy per policy and period is what that costs.
	customerPolicyTTL = 10 * time.Minute
	// awsPolicyTTL is longer, since only AWS changes an AWS managed policy, a few times a year.
	awsPolicyTTL = 24 * time.Hour
	// unusedTTL is when a policy that nobody asks for is forgotten.
	unusedTTL = 48 * time.Hour
)

// PolicyCache keeps the documents of managed policies, which only the posture controls and the severity of an
// unlisted policy look at. A steady pass costs no calls: a policy is read at first sight, its version is asked for
// again once its TTL is over, and its document only when the version is another. One cache serves one account.
type PolicyCache struct {
	now     func() time.Time
	entries *memo.Expiring[string, policyEntry] // by ARN
}

type policyEntry struct {
	version, document string
	checked           time.Time
}

// NewPolicyCache returns an empty cache that is safe for concurrent use.
func NewPolicyCache() *PolicyCache { return newPolicyCache(time.Now) }

func newPolicyCache(now func() time.Time) *PolicyCache {
	return &PolicyCache{now: now, entries: memo.NewExpiring[string, policyEntry](now, unusedTTL)}
}

// Document returns the default version's document of a managed policy as plain JSON, and "" for a policy that does
// not exist (any more).
func (c *PolicyCache) Document(ctx context.Context, client awsapi.IAM, arn string) (string, error) {
	if c == nil {
		return "", nil
	}
	entry, known := c.entries.Use(arn)
	if known && c.now().Sub(entry.checked) < policyTTL(arn) {
		return entry.document, nil
	}
	policy, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if awsapi.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the managed policy %s: %w", arn, err)
	}
	version := aws.ToString(policy.Policy.DefaultVersionId)
	if !known || entry.version != version {
		if entry.document, err = readVersion(ctx, client, arn, version); err != nil {
			return "", err
		}
	}
	entry.version, entry.checked = version, c.now()
	c.entries.Put(arn, entry)
	return entry.document, nil
}

// Forget has a policy read anew: it has changed.
func (c *PolicyCache) Forget(arn string) { c.entries.Delete(arn) }

func policyTTL(arn string) time.Duration {
	if strings.Contains(arn, ":iam::aws:policy/") {
		return awsPolicyTTL
	}
	return customerPolicyTTL
}

func readVersion(ctx context.Context, client awsapi.IAM, arn, version string) (string, error) {
	out, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: &version})
	if awsapi.IsNotFound(err) { // deleted since GetPolicy
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading version %s of the managed policy %s: %w", version, arn, err)
	}
	return decode(out.PolicyVersion.Document), nil
}

// decode returns a policy document as plain JSON. IAM URL-encodes documents in compliance with RFC 3986, where a plus
// sign is itself (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html).
func decode(doc *string) string {
	text := aws.ToString(doc)
	if plain, err := url.PathUnescape(text); err == nil && !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return plain
	}
	return text
}
