// SPDX-License-Identifier: Apache-2.0

// Package readonly tells AWS's reads from writes, by the names of operations.
package readonly

import (
	"context"
	"fmt"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Reads tells that an operation of the services that the operator calls only reads.
func Reads(operation string) bool {
	for _, verb := range []string{"Describe", "Get", "List", "Receive"} {
		if strings.HasPrefix(operation, verb) {
			return true
		}
	}
	return false
}

// Refuse is an API option of the SDK: it refuses every call that is not a read, before it is sent.
func Refuse(stack *middleware.Stack) error {
	refuse := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if operation := awsmiddleware.GetOperationName(ctx); !Reads(operation) {
			return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("%s.%s is not a read, and this session only reads", awsmiddleware.GetServiceID(ctx), operation)
		}
		return next.HandleInitialize(ctx, in)
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("fargatesecurity.ReadOnly", refuse), middleware.After)
}
