// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// queueLimits are what a queue's attributes say, as numbers.
type queueLimits struct {
	visibility, delay, wait, retention, size int // in seconds, and bytes
	maxReceives                              int // 0: no dead-letter queue
	deadLetters                              string
}

// limit is an attribute that is a number: SQS API reference, SetQueueAttributes.
type limit struct {
	least, most int
	field       func(l *queueLimits) *int
}

var numericAttributes = map[string]limit{
	"VisibilityTimeout":             {0, 43200, func(l *queueLimits) *int { return &l.visibility }},
	"DelaySeconds":                  {0, 900, func(l *queueLimits) *int { return &l.delay }},
	"ReceiveMessageWaitTimeSeconds": {0, 20, func(l *queueLimits) *int { return &l.wait }},
	"MessageRetentionPeriod":        {60, 1209600, func(l *queueLimits) *int { return &l.retention }},
	"MaximumMessageSize":            {1024, 1048576, func(l *queueLimits) *int { return &l.size }},
}

// defaultLimits: the same page.
func defaultLimits() queueLimits {
	return queueLimits{visibility: 30, retention: 345600, size: 1048576}
}

// redrivePolicy is the attribute RedrivePolicy. AWS takes the number as a text, too.
type redrivePolicy struct {
	Target      string      `json:"deadLetterTargetArn"`
	MaxReceives json.Number `json:"maxReceiveCount"`
}

// set takes attributes over, all or none.
func (q *queue) set(s *Sim, attributes map[string]string) error {
	limits := q.limits
	for name, text := range attributes {
		switch name {
		case "Policy":
		case "RedrivePolicy":
			if err := limits.redrive(s, q, text); err != nil {
				return err
			}
		default:
			if err := limits.number(name, text); err != nil {
				return err
			}
		}
	}
	q.limits = limits
	for name, text := range attributes {
		q.attributes[name] = text
	}
	return nil
}

func (l *queueLimits) number(name, text string) error {
	known, ok := numericAttributes[name]
	if !ok {
		return errf(http.StatusBadRequest, "InvalidAttributeName", "Unknown Attribute %s.", name)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < known.least || n > known.most {
		return badAttribute(name)
	}
	*known.field(l) = n
	return nil
}

// redrive reads a RedrivePolicy, an empty one takes it back: SQS API reference,
// SetQueueAttributes. The dead-letter queue must be there, and of the queue's
// account and Region: SQS developer guide, "Using dead-letter queues in Amazon SQS".
func (l *queueLimits) redrive(s *Sim, q *queue, text string) error {
	if text == "" {
		l.deadLetters, l.maxReceives = "", 0
		return nil
	}
	var policy redrivePolicy
	if json.Unmarshal([]byte(text), &policy) != nil {
		return badAttribute("RedrivePolicy")
	}
	most, err := strconv.Atoi(policy.MaxReceives.String())
	path := queuePath(q.account, partOf(policy.Target, ":"))
	if err != nil || most < 1 || most > 1000 || path == queuePath(q.account, q.name) || s.queues[path] == nil || s.queues[path].arn() != policy.Target || s.queues[path].region != q.region {
		return badAttribute("RedrivePolicy")
	}
	l.deadLetters, l.maxReceives = path, most
	return nil
}

func badAttribute(name string) *apiError {
	return errf(http.StatusBadRequest, "InvalidAttributeValue", "Invalid value for the parameter %s.", name)
}

// has tells that the queue's attributes include these.
func (q *queue) has(attributes map[string]string) bool {
	all := q.all(time.Time{})
	for name, value := range attributes {
		if all[name] != value {
			return false
		}
	}
	return true
}

type queueAttributesInput struct {
	QueueURL   string            `json:"QueueUrl"`
	Attributes map[string]string `json:"Attributes"`
}

// setQueueAttributes: SQS API reference, SetQueueAttributes.
func setQueueAttributes(s *Sim, c *call, in *queueAttributesInput) (any, error) {
	q, err := s.queueAt(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.Attributes == nil {
		return nil, sqsMissing("Attributes")
	}
	return nil, q.set(s, in.Attributes)
}

type getQueueAttributesInput struct {
	QueueURL string   `json:"QueueUrl"`
	Names    []string `json:"AttributeNames"`
}

// absentAttributes are known ones that no queue here has: those of FIFO queues
// and of encryption. A queue that lacks an attribute leaves it out.
var absentAttributes = []string{
	"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds",
	"RedriveAllowPolicy", "SqsManagedSseEnabled", "Policy", "RedrivePolicy",
}

// getQueueAttributes: SQS API reference, GetQueueAttributes.
func getQueueAttributes(s *Sim, c *call, in *getQueueAttributesInput) (any, error) {
	q, err := s.queueAt(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	all, out := q.all(s.now()), map[string]string{}
	for _, name := range in.Names {
		value, has := all[name]
		switch {
		case name == "All":
			return map[string]any{"Attributes": all}, nil
		case has:
			out[name] = value
		case !slices.Contains(absentAttributes, name):
			return nil, errf(http.StatusBadRequest, "InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return map[string]any{"Attributes": out}, nil
}

// all are the attributes that the queue has.
func (q *queue) all(now time.Time) map[string]string {
	count := q.count(now)
	out := map[string]string{
		"QueueArn": q.arn(), "CreatedTimestamp": strconv.FormatInt(q.created.Unix(), 10), "LastModifiedTimestamp": strconv.FormatInt(q.created.Unix(), 10),
		"ApproximateNumberOfMessages":           strconv.Itoa(count.Visible),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(count.InFlight),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(count.Delayed),
	}
	for name, known := range numericAttributes {
		out[name] = strconv.Itoa(*known.field(&q.limits))
	}
	for _, name := range []string{"Policy", "RedrivePolicy"} {
		if q.attributes[name] != "" {
			out[name] = q.attributes[name]
		}
	}
	return out
}
