// SPDX-License-Identifier: Apache-2.0

// Package patience says how long tests wait for what must come. It only bounds: a slow machine must not turn a test red,
// and nothing waits for its end but a test that fails.
package patience

import (
	"flag"
	"time"
)

// most is enough for anything on any machine, and little enough to see the end of a test that fails.
const most = 5 * time.Minute

// Now is five minutes, or a third of what the whole run of `go test` may take (-timeout) where that is less: a test that
// fails shall say so before the run is cut off. The flags must have been parsed.
func Now() time.Duration {
	limit := flag.Lookup("test.timeout")
	if limit == nil {
		return most
	}
	all, err := time.ParseDuration(limit.Value.String())
	if err != nil || all <= 0 { // 0 is no limit
		return most
	}
	return min(most, all/3)
}
