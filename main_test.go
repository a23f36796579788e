// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

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

// TestNoSlashInTheOperatorID: <id>/<namespace>/<name> could be the owner tag of two installations otherwise.
func TestNoSlashInTheOperatorID(t *testing.T) {
	for _, id := range []string{"prod/eu", "/prod", "prod/", "/"} {
		// The read mode is wrong too, so that nothing is started should the id be taken.
		err := run(t.Context(), options{namespace: "ns", concurrency: 1, operatorID: id, readMode: "neither"})
		if err == nil || !strings.Contains(err.Error(), "--operator-id") {
			t.Errorf("%q: %v", id, err)
		}
	}
	err := run(t.Context(), options{namespace: "ns", concurrency: 1, operatorID: "prod-eu", readMode: "neither"})
	if err == nil || !strings.Contains(err.Error(), "--read-mode") {
		t.Errorf("an id without a slash: %v", err)
	}
}
