// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// queue is a standard queue. Queues are kept apart from what the accounts
// hold, since no read of them lags behind (see Stale).
type queue struct {
	name, account, region string
	created               time.Time
	attributes            map[string]string // those that were set
	tags                  map[string]string
	limits                queueLimits
	messages              []*message // in the order of their arrival
	arrived               bell
}

// registerSQS adds the SQS operations (awsJson1.0). Messages that come and go
// are no writes: CloudTrail, too, has them among the data events, apart from
// what manages a queue (SQS developer guide, "Logging Amazon SQS API calls
// using AWS CloudTrail").
func (s *Sim) registerSQS() {
	s.registerProtocol("sqs", sqsProtocol{json10})
	s.register("sqs", map[string]operation{
		"CreateQueue":             jsonOp(true, createQueue),
		"GetQueueUrl":             jsonOp(false, getQueueURL),
		"GetQueueAttributes":      jsonOp(false, getQueueAttributes),
		"SetQueueAttributes":      jsonOp(true, setQueueAttributes),
		"SendMessage":             jsonOp(false, sendMessage),
		"ReceiveMessage":          jsonOp(false, receiveMessage),
		"DeleteMessage":           jsonOp(false, deleteMessage),
		"DeleteMessageBatch":      jsonOp(false, deleteMessageBatch),
		"ChangeMessageVisibility": jsonOp(false, changeMessageVisibility),
	})
}

// sqsProtocol is awsJson1.0 with the codes that SQS had when it spoke
// awsQuery: Smithy, "awsQueryCompatible trait". The SDKs of AWS show these and
// not the names of the errors.
type sqsProtocol struct{ jsonProtocol }

// sqsQueryCodes are the codes that are not named like the error: the trait
// awsQueryError in the service's Smithy model.
var sqsQueryCodes = map[string]string{
	"AccessDeniedException":        "AccessDenied",
	"BatchEntryIdsNotDistinct":     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
	"EmptyBatchRequest":            "AWS.SimpleQueueService.EmptyBatchRequest",
	"InvalidBatchEntryId":          "AWS.SimpleQueueService.InvalidBatchEntryId",
	"MessageNotInflight":           "AWS.SimpleQueueService.MessageNotInflight",
	"QueueDoesNotExist":            "AWS.SimpleQueueService.NonExistentQueue",
	"QueueNameExists":              "QueueAlreadyExists",
	"TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
}

func (p sqsProtocol) writeError(w http.ResponseWriter, c *call, requestID string, err *apiError) {
	old, fault := err.Code, "Sender"
	if known := sqsQueryCodes[err.Code]; known != "" {
		old = known
	}
	if err.Status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	w.Header().Set("X-Amzn-Query-Error", old+";"+fault)
	p.jsonProtocol.writeError(w, c, requestID, err)
}

// queueName: SQS API reference, CreateQueue, QueueName. Names that end in
// .fifo are those of FIFO queues, which are not modelled.
var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// queuePath is what follows the endpoint in a queue's URL.
func queuePath(account, name string) string { return "/" + account + "/" + name }

func queueARN(region, account, name string) string { return arnIn("sqs", region, account, name) }

func (q *queue) arn() string { return queueARN(q.region, q.account, q.name) }

// url is the queue's URL at the endpoint that the call came to.
func (q *queue) url(c *call) string { return "http://" + c.HTTP.Host + queuePath(q.account, q.name) }

// sqsInvalid: SQS API reference, "Common Errors"; issue 197 of
// aws/aws-sdk-java quotes one in these words.
func sqsInvalid(value any, parameter, reason string) *apiError {
	return errf(http.StatusBadRequest, "InvalidParameterValue", "Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

func sqsMissing(parameter string) *apiError {
	return errf(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter %s.", parameter)
}

// queueAt returns the queue of a URL, by the path alone: the endpoint may have
// other names.
func (s *Sim) queueAt(c *call, queueURL string) (*queue, error) {
	if queueURL == "" {
		return nil, sqsMissing("QueueUrl")
	}
	at, err := url.Parse(queueURL)
	if err == nil && s.queues[at.Path] != nil {
		c.Resource = s.queues[at.Path].arn()
		return s.queues[at.Path], nil
	}
	return nil, noSuchQueue()
}

// noSuchQueue: SQS API reference, the errors of each operation.
func noSuchQueue() *apiError {
	return errf(http.StatusBadRequest, "QueueDoesNotExist", "The specified queue does not exist.")
}

type createQueueInput struct {
	Name       string            `json:"QueueName"`
	Attributes map[string]string `json:"Attributes"`
	Tags       map[string]string `json:"tags"`
}

// createQueue: SQS API reference, CreateQueue: the same again is no error.
func createQueue(s *Sim, c *call, in *createQueueInput) (any, error) {
	c.Resource = queueARN(c.Region, c.Account, in.Name)
	if !queueName.MatchString(in.Name) {
		return nil, sqsInvalid(in.Name, "QueueName", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	made := s.newQueue(c.Region, c.Account, in.Name)
	if err := made.set(s, in.Attributes); err != nil {
		return nil, err
	}
	made.tags = in.Tags
	path := queuePath(c.Account, in.Name)
	if have := s.queues[path]; have == nil {
		s.queues[path] = made
	} else if !have.has(in.Attributes) {
		return nil, errf(http.StatusBadRequest, "QueueNameExists", "A queue already exists with the same name and a different value for attributes")
	}
	return map[string]any{"QueueUrl": made.url(c)}, nil
}

func (s *Sim) newQueue(region, account, name string) *queue {
	return &queue{name: name, account: account, region: region, created: s.now(), attributes: map[string]string{}, limits: defaultLimits()}
}

type getQueueURLInput struct {
	Name  string `json:"QueueName"`
	Owner string `json:"QueueOwnerAWSAccountId"`
}

// getQueueURL: SQS API reference, GetQueueUrl.
func getQueueURL(s *Sim, c *call, in *getQueueURLInput) (any, error) {
	setDefault(&in.Owner, c.Account)
	c.Resource = queueARN(c.Region, in.Owner, in.Name)
	if in.Name == "" {
		return nil, sqsMissing("QueueName")
	}
	q := s.queues[queuePath(in.Owner, in.Name)]
	if q == nil {
		return nil, noSuchQueue()
	}
	return map[string]any{"QueueUrl": q.url(c)}, nil
}

// messageIndex finds a message by its id, -1 if it is gone.
func (q *queue) messageIndex(id string) int {
	return slices.IndexFunc(q.messages, func(m *message) bool { return m.id == id })
}
