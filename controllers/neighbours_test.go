// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"net"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestAnAddressIsNobodyElsesAfterwards: the operator works on a test's profiles until the process ends, so the address that
// it sends its calls to must stay taken until then. When it became free with the end of the test, the system gave it to the
// simulator of another process, and the operator made its Fargate profile there: in the middle of a crash point of
// test/chaos, whose role was then in use for good.
func TestAnAddressIsNobodyElsesAfterwards(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("a test", func(t *testing.T) {
		r := newRig(t)
		account := r.accountObject()
		must(kube.Get(r.ctx, client.ObjectKeyFromObject(account), account))
		address = strings.TrimPrefix(account.Spec.EndpointURL, "http://")
		p := r.small("left-behind")
		r.create(p)
		r.until(p, "the operator's first pass", func(*profile) error { return nil })
	})
	if l, err := net.Listen("tcp", address); err == nil {
		_ = l.Close()
		t.Errorf("%s is free for the simulator of another test, and the operator still sends its calls there", address)
	}
}
