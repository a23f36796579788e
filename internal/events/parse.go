// SPDX-License-Identifier: Apache-2.0

package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	// detailType of the events that are taken. CloudTrail has others, such as those of console sign-ins.
	// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
	detailType = "AWS API Call via CloudTrail"
	// maxBody is the most that SQS takes for a message:
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	maxBody = 1 << 20
	// maxDepth is far more than any record has.
	maxDepth = 64
	// maxActor is what an ARN can have at most, and what status takes for one.
	maxActor = 2048
	// maxText bounds the other texts.
	maxText = 256
)

// What is wrong with a message. None of these quotes it: it can hold anything.
var (
	errTooLong  = errors.New("the message is longer than SQS allows")
	errTooDeep  = errors.New("the message is nested too deep")
	errNotJSON  = errors.New("the message is not an EventBridge event in JSON")
	errOther    = errors.New("the message's detail-type is not \"" + detailType + "\"")
	errNameless = errors.New("the message's record lacks eventID, eventSource or eventName")
	errTimeless = errors.New("the message's record has no eventTime in RFC 3339")
)

// envelope is an EventBridge event with a record of CloudTrail as its detail.
// Sources: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
type envelope struct {
	DetailType string `json:"detail-type"`
	Account    string `json:"account"`
	Region     string `json:"region"`
	Detail     struct {
		EventID      string `json:"eventID"`
		EventTime    string `json:"eventTime"`
		EventSource  string `json:"eventSource"`
		EventName    string `json:"eventName"`
		AWSRegion    string `json:"awsRegion"`
		Recipient    string `json:"recipientAccountId"`
		RequestID    string `json:"requestID"`
		ErrorCode    string `json:"errorCode"`
		UserIdentity struct {
			ARN       string `json:"arn"`
			InvokedBy string `json:"invokedBy"`
		} `json:"userIdentity"`
		Request   any `json:"requestParameters"`
		Response  any `json:"responseElements"`
		Resources any `json:"resources"`
	} `json:"detail"`
}

// Parse reads the body of a message: an EventBridge event that holds a CloudTrail record of an API call. A call that
// the table does not have gives a Change without objects. The error says what is wrong with the message, and never
// quotes it.
func Parse(body string) (Change, error) {
	var e envelope
	switch {
	case len(body) > maxBody:
		return Change{}, errTooLong
	case depth(body) > maxDepth:
		return Change{}, errTooDeep
	case json.Unmarshal([]byte(body), &e) != nil:
		return Change{}, errNotJSON
	case e.DetailType != detailType:
		return Change{}, errOther
	}
	d := e.Detail
	c := Change{
		ID: printable(d.EventID, maxText), Source: printable(d.EventSource, maxText), Name: printable(d.EventName, maxText),
		Region: printable(cmp.Or(d.AWSRegion, e.Region), maxText), Account: printable(cmp.Or(d.Recipient, e.Account), maxText),
		Actor:     printable(cmp.Or(d.UserIdentity.ARN, d.UserIdentity.InvokedBy), maxActor),
		RequestID: printable(d.RequestID, maxText),
		Failed:    d.ErrorCode != "",
	}
	if c.ID == "" || c.Source == "" || c.Name == "" {
		return Change{}, errNameless
	}
	var err error
	if c.Time, err = time.Parse(time.RFC3339, d.EventTime); err != nil {
		return Change{}, errTimeless
	}
	if row, ok := byCall[c.Source][c.Name]; ok {
		c.Tags = row.tags
		c.Objects = tidy(row.find(record{"request": unwrap(d.Request, c.Name), "response": unwrap(d.Response, c.Name), "resources": d.Resources}))
	}
	return c, nil
}

// unwrap takes the parameters out of the "<call>Request", or the answer out of the "<call>Response", that some of EC2's
// records have them in.
func unwrap(value any, call string) any {
	fields, _ := value.(map[string]any)
	for _, wrapper := range []string{call + "Request", call + "Response"} {
		if inner, ok := fields[wrapper]; ok {
			return inner
		}
	}
	return value
}

// tidy sorts and makes unique. nil stays nil.
func tidy(objects []Object) []Object {
	slices.SortFunc(objects, func(a, b Object) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return slices.Compact(objects)
}

// printable is text without what could play tricks in a log or a terminal, cut to a number of bytes.
func printable(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// depth is how deep lists and objects are nested at most, texts aside. It is asked before anything is decoded.
func depth(body string) int {
	var now, most int
	inText := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}
