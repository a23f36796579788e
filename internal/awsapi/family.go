// SPDX-License-Identifier: Apache-2.0

package awsapi

import "github.com/fargate-security/fargate-security-operator/internal/awsapi/readonly"

// Family is calls that AWS limits together, as far as is known.
type Family struct {
	// Service is the SDK's service id, such as EC2.
	Service string
	// Calls is the operation where AWS limits each by itself, else reads or writes.
	Calls string
}

// familyOf is the family of an operation of the SDK's service id. Most services publish nothing, or speak of several
// limits for one call; there reads and writes are told apart as everywhere at AWS.
// Source for IAM: https://aws.amazon.com/blogs/security/how-to-monitor-and-query-iam-resources-at-scale-part-2/.
func familyOf(serviceID, operation string) Family {
	s := serviceOf(serviceID)
	switch {
	case s != nil && s.perOperation:
		return Family{serviceID, operation}
	case readonly.Reads(operation):
		return Family{serviceID, "reads"}
	default:
		return Family{serviceID, "writes"}
	}
}
