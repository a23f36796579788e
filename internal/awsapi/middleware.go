// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/readonly"
)

// CallObserver is told of an attempt of a call: the SDK's service id, the operation, the error code ("" for success,
// "none" when AWS did not answer), and how long it took.
type CallObserver func(service, operation, code string, took time.Duration)

// middleware is what every call has in common.
func (s *Sessions) middleware() []func(*middleware.Stack) error {
	return []func(*middleware.Stack) error{
		awsmiddleware.AddUserAgentKeyValue(sessionName, s.Version),
		func(stack *middleware.Stack) error {
			// At the end of the Finalize step, so inside the retries: what is counted is what AWS is asked.
			return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("fargatesecurity.Observe", s.observeCall), middleware.After)
		},
		markPages,
	}
}

func (s *Sessions) observeCall(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	start := time.Now()
	out, metadata, err := next.HandleFinalize(ctx, in)
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok && !readonly.Reads(awsmiddleware.GetOperationName(ctx)) {
		s.own.known().Put(id, struct{}{})
	}
	if s.Observe != nil {
		code := Code(err)
		if err != nil && code == "" {
			code = "none"
		}
		s.Observe(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), code, time.Since(start))
	}
	return out, metadata, err
}
