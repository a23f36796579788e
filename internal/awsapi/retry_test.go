// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"
)

// TestHangingCallIsTriedOnce: the next pass tries again, so that a pass over many objects ends. What fails at once is
// tried again at once.
func TestHangingCallIsTriedOnce(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	_, hung := newHTTPClient().WithTimeout(time.Millisecond).Do(must(http.NewRequest(http.MethodGet, server.URL, nil)))
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for what, c := range map[string]struct {
		err   error
		again bool
	}{
		"a call that hung":    {&smithy.OperationError{ServiceID: "EKS", OperationName: "DescribeCluster", Err: hung}, false},
		"a broken connection": {&smithy.OperationError{ServiceID: "EKS", OperationName: "DescribeCluster", Err: reset}, true},
	} {
		if got := newRetryer(3).IsErrorRetryable(c.err); got != c.again {
			t.Errorf("%s (%v) is tried again: %v, want %v", what, c.err, got, c.again)
		}
	}
	if f := Classify(hung); f.Reason != "Timeout" {
		t.Errorf("a call that hung is %+v", f)
	}
	if hung == nil || errors.Is(hung, syscall.ECONNRESET) {
		t.Errorf("the call was to hang: %v", hung)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
