// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/smithy-go"
)

// FuzzSanitize: what was cleaned is clean, no UUID is left but those of keys, and no text makes Classify panic.
func FuzzSanitize(f *testing.F) {
	const id = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE0"
	for _, message := range []string{
		"", ". .", "Rate exceeded (Service: X; Request ID: 5f3c1f7e-6e3c-4b3a-9f0e-0123456789ab)",
		"User: arn:aws:sts::111122223333:assumed-role/operator/botocore-session-1 is not authorized. Encoded authorization failure message: AbC-_",
		"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab is pending deletion.",
		"1234abcd-12ab-34cd-56ef-1234567890ab" + id, "request request id: 12345678id: 12345678", "assumed-role/a/b, RequestId: 00000000-0000",
		"request id: 1234567\xff8", "key/1234abcd-12ab-34cd-56ef-1234567890ab-1234abcd-12ab-34cd-56ef-1234567890ab",
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		clean := Sanitize(message)
		if again := Sanitize(clean); again != clean {
			t.Fatalf("%q → %q → %q", message, clean, again)
		}
		if utf8.ValidString(message) && !utf8.ValidString(clean) {
			t.Fatalf("%q → %q, which is not UTF-8", message, clean)
		}
		for _, at := range uuid.FindAllStringIndex(clean, -1) {
			if !strings.HasSuffix(clean[:at[0]], "key/") {
				t.Fatalf("%q has an id that is not a key's", clean)
			}
		}
		if requestID.MatchString(clean) || encodedMessage.MatchString(clean) {
			t.Fatalf("%q has a request id or an encoded message", clean)
		}
		said := Classify(&smithy.OperationError{ServiceID: "EKS", OperationName: "ListClusters", Err: &smithy.GenericAPIError{Code: "ValidationException", Message: message}})
		if want := "eks:ListClusters: ValidationException: " + clean; said.Message != want {
			t.Fatalf("%q is said as %q", message, said.Message)
		}
		// What is no answer of AWS's is put into our own words.
		if said = Classify(errors.New(message)); strings.Contains(said.Message, "\n") {
			t.Fatalf("%q is said as %q", message, said.Message)
		}
	})
}
