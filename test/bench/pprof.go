// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// profile begins to take a CPU profile, if profiles are wanted, and returns what ends with it and a heap profile in bin/.
// Look at them with `go tool pprof -top bin/manager bin/bench-cpu-10000.pprof`.
func (o *operator) profile(profiles int, d time.Duration) (end func() error) {
	if o.pprof == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		done <- o.keep("profile", fmt.Sprintf("?seconds=%d", int(min(d, time.Minute).Seconds())), fmt.Sprintf("bench-cpu-%d.pprof", profiles))
	}()
	return func() error {
		if err := <-done; err != nil {
			return err
		}
		return o.keep("heap", "?gc=1", fmt.Sprintf("bench-heap-%d.pprof", profiles))
	}
}

func (o *operator) keep(what, query, file string) error {
	text, err := get(o.pprof + what + query)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.f.bin, file), text, 0o644) //nolint:gosec // for everybody to read
}
