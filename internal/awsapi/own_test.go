// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestOwnRequestsAreKnownForAnHour: by their ids, and a call without one is nobody's.
func TestOwnRequestsAreKnownForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose time passes at once
		s := &Sessions{}
		s.own.known().Put("one", struct{}{})
		s.own.known().Put("", struct{}{})
		for _, c := range []struct {
			wait time.Duration
			own  bool
		}{{0, true}, {ownFor, true}, {1, false}} {
			time.Sleep(c.wait)
			if s.Own("one") != c.own || s.Own("other") || s.Own("") {
				t.Errorf("%s later it is ours: %t; another: %t; one without an id: %t", c.wait, s.Own("one"), s.Own("other"), s.Own(""))
			}
		}
	})
}
