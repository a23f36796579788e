// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// idleConnections are kept open per service: as many as profiles are worked on at once, and some to spare.
const idleConnections = 64

// newHTTPClient is the SDK's own client. It must stay one that the SDK can build on: that is how AWS_CA_BUNDLE gets in.
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(callTimeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = idleConnections
	})
}

// PlainBodies is the client with requests whose bodies can only be read and closed. smithy-go v1.28.9 closes a request's
// body as soon as the answer begins; should net/http be looking for more of the body at that moment, the body's WriteTo
// gives io.EOF for an error, and the connection is torn down in the middle of a long answer ("use of closed network
// connection").
func PlainBodies(c aws.HTTPClient) aws.HTTPClient { return plainBodies{c} }

type plainBodies struct{ aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct {
			io.Reader
			io.Closer
		}{r.Body, r.Body}
	}
	return c.HTTPClient.Do(r)
}
