// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/smithy-go/middleware"
)

// pageError is the error of a call for a further page of a list. The first page was answered with the same parameters,
// so what AWS finds invalid is the page token: it expires (in the Tagging API after 15 minutes, API reference
// GetResources), and each service has a code of its own for that, some the same one as for any bad parameter. The next
// pass begins with the first page again.
type pageError struct{ cause error }

// Error implements error.
func (e *pageError) Error() string { return e.cause.Error() }

// Unwrap returns the SDK's own error.
func (e *pageError) Unwrap() error { return e.cause }

func ofFurtherPage(err error) bool {
	var page *pageError
	return errors.As(err, &page)
}

// tokenFields are the fields of the SDK's inputs that hold a page token.
var tokenFields = []string{"NextToken", "Marker", "PaginationToken"}

// markPages wraps the errors of calls for further pages.
func markPages(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("fargatesecurity.MarkPages",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			if err != nil && holdsToken(in.Parameters) {
				err = &pageError{err}
			}
			return out, metadata, err
		}), middleware.Before)
}

// holdsToken tells that an input of the SDK asks for a further page.
func holdsToken(input any) bool {
	fields := reflect.Indirect(reflect.ValueOf(input))
	for _, name := range tokenFields {
		token := fields.FieldByName(name)
		if token.Kind() == reflect.Pointer && !token.IsNil() && token.Elem().String() != "" {
			return true
		}
	}
	return false
}
