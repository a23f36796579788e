// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// SQS is what the operator calls of Amazon Simple Queue Service: it takes the records of changes out of a queue.
type SQS interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// sqsService is Amazon Simple Queue Service. Error codes: the "Errors" of each operation in
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html.
var sqsService = service{
	id:      sqs.ServiceID,
	client:  reflect.TypeFor[SQS](),
	connect: func(sdk aws.Config, c *Clients) { c.SQS = sqs.NewFromConfig(sdk) },
	prefix:  "sqs",
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
	renamed: map[string]string{"DeleteMessageBatch": "DeleteMessage"},
	codes: map[string]failure.Kind{
		// Also for JSON, where the SDK's model has QueueDoesNotExist: SQS answers the code of its query protocol beside it.
		"AWS.SimpleQueueService.NonExistentQueue": failure.Invalid,
	},
	noNotFound: "the operator keeps no queue: one that does not exist is a mistake in the AWSAccount's spec.driftEvents, so Invalid",
	policy: grants{inObserve: []Statement{{
		Sid:      "TakeChangesFromQueue",
		Why:      "Only for AWSAccounts with spec.driftEvents: taking the records of changes out of the operator's own queue ([events](events.md)). Put the ARN of your queue here if it is named otherwise.",
		Resource: []string{"arn:*:sqs:*:*:fargate-drift*"},
	}}},
}
