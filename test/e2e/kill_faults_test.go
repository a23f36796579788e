// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// startSuite starts a simulated AWS behind a proxy and a cluster of its own; the operator is still to be started.
func startSuite(t *testing.T, name string, clusterArgs ...string) *suite {
	t.Helper()
	dir := logDir(t, name)
	return startSuiteOn(t, dir, startBackend(t, "awssim", dir), clusterArgs...)
}

// startSuiteOn is startSuite with a backend that runs.
func startSuiteOn(t *testing.T, dir string, b *backend, clusterArgs ...string) *suite {
	t.Helper()
	s := &suite{t: t, dir: dir, backend: b}
	s.proxy = startProxy(t, s.backend.url)
	s.cluster = startCluster(t, dir, clusterArgs...)
	return s
}

// drop closes the connection the hard way (RST) without a word.
func drop(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	must(err)
	if tcp, ok := conn.(*net.TCPConn); ok {
		must(tcp.SetLinger(0))
	}
	_ = conn.Close()
}

// breakOff drops the connection in the middle of an answer.
func breakOff(w http.ResponseWriter, r *http.Request) {
	halfBody(w, r)
	drop(w, r)
}

// halfBody ends an answer before its end; the connection is closed the ordinary way.
func halfBody(w http.ResponseWriter, _ *http.Request) {
	const begun = `{"logGroups": [{"logGroupName": "/aws/eks`
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Content-Length", fmt.Sprint(2*len(begun)))
	_, _ = io.WriteString(w, begun)
	_ = http.NewResponseController(w).Flush()
}

// hang answers only when the client no longer waits.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// refusing answers an error in the words of the call's service: XML for IAM and STS, another XML for EC2, JSON else.
func refusing(c call, status int, code, message string) http.HandlerFunc {
	kind, body := "application/x-amz-json-1.1", fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message)
	switch c.service {
	case "iam", "sts":
		kind, body = "text/xml", fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
	case "ec2":
		kind, body = "text/xml", fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>`, code, message)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
