// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// ReasonHidden is the reason of an object that AWS says exists, and does not show.
const ReasonHidden = "NameTaken"

// hiddenAfter is how long an object that AWS says exists may not be shown before that is no delay any more: AWS names five
// minutes at most (EC2 developer guide, "Eventual consistency in the Amazon EC2 API").
const hiddenAfter = 5 * time.Minute

// newTakenNames remembers of which names AWS has said, when one was to be made, that they are taken: then a read that does
// not show the object is outdated, or the object cannot be seen.
func newTakenNames(now func() time.Time) *memo.Refusals {
	return memo.NewRefusals(now, hiddenAfter, touchedFor)
}

// hidden notes the answer to a creation, and tells that AWS has said for longer than it takes to show what it has made that
// the name is taken.
func (v *View) hidden(name string, err error, taken string) bool {
	if awsapi.Code(err) != taken {
		v.names.Accepted(name)
		return false
	}
	return !v.names.Refused(name)
}
