// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestShards: of two operators with selectors that do not overlap each works on its own profiles, at the same time, and a
// profile whose label moves it to the other shard is gone on with there.
func TestShards(t *testing.T) {
	t.Parallel()
	s := startSuite(t, "shards")
	s.env = []string{"AWS_ACCESS_KEY_ID=" + leaderKey}
	first := s.startOperator(t, "--watch-label-selector=shard=a")
	s.env = []string{"AWS_ACCESS_KEY_ID=" + standbyKey}
	s.operator = s.startOperator(t, "--watch-label-selector=shard!=a")
	s.applyAccount(t) // which has no label: the second one verifies it, and the first one's profile uses it all the same
	p := s.newPlot(t, "shards", "payments", "orders")
	mark := s.proxy.mark()
	s.apply(t, strings.Replace(p.manifest("payments", false), "  name: payments\n", "  name: payments\n  labels: {shard: a}\n", 1))
	s.apply(t, p.manifest("orders", false))
	for _, name := range p.profiles {
		s.waitReady(t, p.world, name)
	}
	for _, key := range []string{leaderKey, standbyKey} {
		if n := s.created(mark, key); n != 1 {
			t.Errorf("%s created %d roles, want that of its own profile", key, n)
		}
	}
	if leases := s.cluster.kubectl(t, "get", "leases", "-n", systemNamespace, "-o", "name"); len(strings.Fields(leases)) != 2 {
		t.Errorf("the leases are %q, want one for each shard", leases)
	}
	first.Kill()
	s.cluster.kubectl(t, "label", "fsp/payments", "-n", p.Namespace, "--overwrite", "shard=b")
	mark = s.proxy.mark()
	s.readNow(t, p.world, "payments")
	if s.read(mark, standbyKey) == 0 {
		t.Error("the second operator did not take the profile over")
	}
}

// created counts the roles that were created with a key.
func (s *suite) created(mark int, key string) int {
	n := 0
	for _, c := range s.proxy.since(mark) {
		if c.key == key && c.status == http.StatusOK && c.operation == "CreateRole" {
			n++
		}
	}
	return n
}

// read counts the calls that were made with a key.
func (s *suite) read(mark int, key string) int {
	n := 0
	for _, c := range s.proxy.since(mark) {
		if c.key == key {
			n++
		}
	}
	return n
}
