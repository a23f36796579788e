// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"sync"
	"time"
)

// ownFor is how long the ids of our own requests are remembered: CloudTrail delivers most records within five minutes, and
// says fifteen at first (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html).
const ownFor = time.Hour

// ownRequests remembers the ids that AWS gave our own writes: CloudTrail's record of a call has the same.
type ownRequests struct {
	mu      sync.Mutex
	at      map[string]time.Time
	checkAt int
}

func (o *ownRequests) add(id string, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at == nil {
		o.at = map[string]time.Time{}
	}
	if len(o.at) >= o.checkAt {
		for other, at := range o.at {
			if now.Sub(at) > ownFor {
				delete(o.at, other)
			}
		}
		o.checkAt = 2*len(o.at) + 256
	}
	o.at[id] = now
}

// Own tells that a request, by the id that AWS gave it, was made by this process within the last hour. A call whose answer
// was lost is not known.
func (s *Sessions) Own(requestID string) bool {
	s.own.mu.Lock()
	defer s.own.mu.Unlock()
	_, known := s.own.at[requestID]
	return known && requestID != ""
}
