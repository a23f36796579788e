// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// ownFor is how long the ids of our own requests are remembered: CloudTrail delivers most records within five minutes, and
// says fifteen at first (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html).
const ownFor = time.Hour

// ownRequests remembers the ids that AWS gave our own writes: CloudTrail's record of a call has the same. The zero value is
// ready to use.
type ownRequests struct {
	once sync.Once
	ids  *memo.Expiring[string, struct{}]
}

func (o *ownRequests) known() *memo.Expiring[string, struct{}] {
	o.once.Do(func() { o.ids = memo.NewExpiring[string, struct{}](time.Now, ownFor) })
	return o.ids
}

// Own tells that a request, by the id that AWS gave it, was made by this process within the last hour. A call whose answer
// was lost is not known.
func (s *Sessions) Own(requestID string) bool {
	_, known := s.own.known().Get(requestID)
	return known && requestID != ""
}
