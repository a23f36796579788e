// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// plainBodies keeps a race of smithy-go v1.28.9 out of the tests: it closes a
// request's body as soon as the answer begins, while net/http may still be
// looking whether the body has more in it. Its WriteTo then gives io.EOF for an
// error, and net/http tears the connection down in the middle of a long answer
// ("use of closed network connection"). Without WriteTo there is no such error.
type plainBodies struct{ aws.HTTPClient }

// newHTTPClient is the SDK's own client without that race.
func newHTTPClient() aws.HTTPClient { return plainBodies{awshttp.NewBuildableClient()} }

// Do sends the request with a body that can only be read and closed.
func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct {
			io.Reader
			io.Closer
		}{r.Body, r.Body}
	}
	return c.HTTPClient.Do(r)
}
