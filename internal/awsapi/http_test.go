// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// lastBody keeps the body of the last request, and answers nothing.
type lastBody struct{ io.ReadCloser }

func (l *lastBody) Do(r *http.Request) (*http.Response, error) {
	l.ReadCloser = r.Body
	return &http.Response{}, nil
}

// TestPlainBodies sends a body as the SDK makes it.
func TestPlainBodies(t *testing.T) {
	made, err := smithyhttp.NewStackRequest().(*smithyhttp.Request).SetStream(strings.NewReader("Action=ListRoles"))
	if err != nil {
		t.Fatal(err)
	}
	request := made.Build(t.Context())
	if _, ok := request.Body.(io.WriterTo); !ok {
		t.Error("the SDK's bodies have no WriteTo any more: PlainBodies can go")
	}
	sent := &lastBody{}
	if _, err := PlainBodies(sent).Do(request); err != nil {
		t.Fatal(err)
	}
	if _, ok := sent.ReadCloser.(io.WriterTo); ok {
		t.Error("the body that is sent has a WriteTo")
	}
	if text := string(must(io.ReadAll(sent.ReadCloser))); text != "Action=ListRoles" {
		t.Errorf("sent %q", text)
	}
	sdk, err := (&Sessions{}).load(t.Context(), Config{Region: "eu-west-1"})
	if _, ok := sdk.HTTPClient.(plainBodies); err != nil || !ok {
		t.Errorf("the operator's own client is a %T (%v)", sdk.HTTPClient, err)
	}
}
