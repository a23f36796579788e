// SPDX-License-Identifier: Apache-2.0

package awsapi

import "github.com/fargate-security/fargate-security-operator/internal/failure"

// IsDenied tells that a permission is missing.
func IsDenied(err error) bool { return err != nil && kindOf(err) == failure.AccessDenied }

// OneRefused tells that AWS has answered, and refuses this one call, while others may succeed: a permission is missing, or the
// operation itself has a fault. It is false for credentials that are refused, and while AWS takes no calls at all.
func OneRefused(err error) bool {
	return Code(err) != "" && kindOf(err) != failure.Throttled && !credentialsRefused(err)
}
