// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// perCluster is how many profiles share an EKS cluster: AWS's default quota.
// Source: https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
const perCluster = 10

// size says how much is measured.
type size struct {
	name    string
	created int   // profiles that section create makes
	steady  int   // profiles of reads, events and serial
	scale   []int // profiles of scale, ascending; limits has the most
	// interval is between two reads of a profile, in place of five minutes, and intervals how many are measured.
	interval  time.Duration
	intervals int
	// tampering: changes a second, and for how long.
	tampersPerSecond int
	tampering        time.Duration
	edits            int // by people, in section limits
	// limited is the interval of section limits.
	limited time.Duration
}

var sizes = map[string]size{
	"full": {
		created: 50, steady: 1000, scale: []int{500, 1000, 5000, 10000}, interval: 30 * time.Second, intervals: 3,
		tampersPerSecond: 100, tampering: 20 * time.Second, edits: 30, limited: 5 * time.Minute,
	},
	"middle": {
		created: 20, steady: 300, scale: []int{500, 1000}, interval: 20 * time.Second, intervals: 2,
		tampersPerSecond: 50, tampering: 10 * time.Second, edits: 10, limited: time.Minute,
	},
	"small": {
		created: 10, steady: 30, scale: []int{10, 30}, interval: 10 * time.Second, intervals: 1,
		tampersPerSecond: 10, tampering: 4 * time.Second, edits: 3, limited: 10 * time.Second,
	},
}

// sizeOf is the size of that name (the full one if there is none), with fleets of other sizes if profiles lists some.
func sizeOf(name, profiles string) (size, error) {
	s, ok := sizes[cmp.Or(name, "full")]
	s.name = cmp.Or(name, "full")
	if !ok {
		return s, fmt.Errorf("BENCH_SIZE is %q: take small, middle or full", name)
	}
	if profiles == "" {
		return s, nil
	}
	s.name, s.scale = s.name+", "+profiles+" profiles", nil
	for text := range strings.SplitSeq(profiles, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || len(s.scale) > 0 && n <= s.scale[len(s.scale)-1] {
			return s, fmt.Errorf("BENCH_PROFILES is %q: take numbers that grow, like 1000,5000", profiles)
		}
		s.scale = append(s.scale, n)
	}
	return s, nil
}

// intervalFor lets all profiles of a larger fleet be read, with time to spare.
func (s size) intervalFor(profiles int) time.Duration {
	return max(s.interval, time.Duration(profiles)*12*time.Millisecond)
}
