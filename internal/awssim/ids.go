// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// hexID returns n (at most 64) hexadecimal digits that are new in each call
// and the same in each run that makes the same calls.
func (s *Sim) hexID(n int, what string) string {
	s.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", what, s.ids))
	return hex.EncodeToString(sum[:])[:n]
}

// uuid returns a new id in the form of a UUID.
func (s *Sim) uuid(what string) string {
	h := s.hexID(32, what)
	return strings.Join([]string{h[:8], h[8:12], "4" + h[13:16], "8" + h[17:20], h[20:]}, "-")
}

// partitionOf is the ARN partition of a Region.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// arnIn builds the ARN of a regional resource.
func arnIn(service, region, account, resource string) string {
	return strings.Join([]string{"arn", partitionOf(region), service, region, account, resource}, ":")
}
