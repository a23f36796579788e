// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// Profiles are served without authentication, so nobody else may reach them.
func TestOnlyThisMachineIsServedProfiles(t *testing.T) {
	for address, want := range map[string]bool{
		"0": true, "": true, "127.0.0.1:6060": true, "[::1]:6060": true, "127.1.2.3:0": true,
		":6060": false, "0.0.0.0:6060": false, "[::]:6060": false, "10.0.0.1:6060": false, "example.com:6060": false, "127.0.0.1": false,
	} {
		if err := loopback(address); (err == nil) != want {
			t.Errorf("%q: %v", address, err)
		}
	}
}
