// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// EventOptions say which CloudTrail events go to a queue, and how.
type EventOptions struct {
	// Account and Region are those whose events are sent, the simulator's own by default. Those of IAM, which happen in
	// us-east-1, are sent as well: a rule there has to forward them (IAM user guide, "Logging IAM and AWS STS API calls
	// with AWS CloudTrail").
	Account, Region string
	// Delay is from the call to the event, on the simulator's clock.
	Delay time.Duration
	// Fault, if set, says what goes wrong with an event. It is called with the simulator locked, so it must not call it.
	Fault func(Call) EventFault
}

// EventFault is what goes wrong with one event. Its zero value is nothing.
type EventFault struct {
	Drop     bool          // it never comes
	Delay    time.Duration // it comes that much later than others
	Repeats  int           // it comes that many times more: EventBridge delivers at least once
	Broken   bool          // its body ends in the middle
	Overtake bool          // it is before the last event that is in the queue
}

// eventSink is a queue that events are sent to.
type eventSink struct {
	queue *queue
	EventOptions
}

// eventServices are those whose calls make events.
var eventServices = []string{"eks", "iam", "ec2", "kms", "logs"}

// SendEvents puts the CloudTrail event of each call that writes, of whoever
// made it and however it ended, on a queue of the simulator's own account from
// now on, in the form that EventBridge delivers it in.
func (s *Sim) SendEvents(queue string, o EventOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.ownQueue(queue)
	if err != nil {
		return err
	}
	o.Account, o.Region = cmp.Or(o.Account, s.opts.Account), cmp.Or(o.Region, s.opts.Region)
	s.sinks = append(s.sinks, eventSink{q, o})
	return nil
}

// emit sends the event of a call that came to the service.
func (s *Sim) emit(c *call, entry Call, requestID string, out any, err error) {
	if errors.Is(err, errNoAnswer) || !slices.Contains(eventServices, c.Service) {
		return
	}
	var body string
	for _, sink := range s.sinks {
		if sink.Account != c.Account || c.Service != "iam" && sink.Region != c.Region {
			continue
		}
		if body == "" {
			body = s.envelope(c, requestID, out, err)
		}
		sink.deliver(s, entry, body)
	}
}

// deliver puts an event on the queue, with all that goes wrong with it.
func (e eventSink) deliver(s *Sim, entry Call, body string) {
	fault := EventFault{}
	if e.Fault != nil {
		fault = e.Fault(entry)
	}
	if fault.Drop {
		return
	}
	if fault.Broken {
		body = body[:len(body)/2]
	}
	for range 1 + fault.Repeats {
		m := s.newMessage(body, "events.amazonaws.com", e.Delay+fault.Delay)
		m.sent = m.visible // it is sent when it is delivered
		e.queue.put(m)
		if n := len(e.queue.messages); fault.Overtake && n > 1 {
			e.queue.messages[n-1], e.queue.messages[n-2] = e.queue.messages[n-2], e.queue.messages[n-1]
		}
	}
}

// envelope is the event as EventBridge delivers it: EventBridge user guide,
// "AWS service events delivered via AWS CloudTrail".
func (s *Sim) envelope(c *call, requestID string, out any, err error) string {
	region := c.Region
	if c.Service == "iam" {
		region = "us-east-1"
	}
	text, problem := json.Marshal(map[string]any{
		"version": "0", "id": uuidOf("event " + requestID), "detail-type": "AWS API Call via CloudTrail", "source": "aws." + c.Service,
		"account": c.Account, "time": xmlTime(s.now()), "region": region, "resources": []string{}, "detail": s.record(c, region, requestID, out, err),
	})
	if problem != nil {
		panic(fmt.Sprintf("awssim: the event of %s:%s: %v", c.Service, c.Operation, problem)) // maps of texts, numbers and the like
	}
	return string(text)
}

// record is a CloudTrail record: CloudTrail user guide, "CloudTrail record
// contents for management, data, and network activity events".
func (s *Sim) record(c *call, region, requestID string, out any, err error) map[string]any {
	record := map[string]any{
		"eventVersion": "1.11", "userIdentity": s.userIdentity(c), "eventTime": xmlTime(s.now()), "eventSource": c.Service + ".amazonaws.com",
		"eventName": c.Operation, "awsRegion": region, "sourceIPAddress": sourceIP(c), "userAgent": c.HTTP.UserAgent(),
		"requestParameters": requestParameters(c), "responseElements": nil, "requestID": requestID, "eventID": uuidOf("record " + requestID),
		"readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": c.Account, "eventCategory": "Management",
	}
	if err != nil {
		record["errorCode"], record["errorMessage"] = recordedCode(c.Service, asAPIError(err)), asAPIError(err).Message
	} else if elements := responseElements(c, requestID, out); len(elements) > 0 {
		record["responseElements"] = elements
	}
	if c.Service == "kms" {
		record["resources"] = kmsResources(c)
	}
	return record
}

// sourceIP is the caller's address without its port.
func sourceIP(c *call) string {
	at := strings.LastIndex(c.HTTP.RemoteAddr, ":")
	return strings.Trim(c.HTTP.RemoteAddr[:max(at, 0)], "[]")
}

// recordedCode is how CloudTrail writes an error code. EC2's begin with
// Client or Server (https://github.com/panther-labs/panther-analysis has rules
// on Client.UnauthorizedOperation), and denials of the JSON services are
// AccessDenied (KMS developer guide, "Logging AWS KMS API calls with AWS
// CloudTrail"). That IAM's end in Exception is unverified.
func recordedCode(service string, err *apiError) string {
	switch {
	case strings.HasPrefix(err.Code, "AccessDenied"):
		return "AccessDenied"
	case service == "ec2" && err.Status >= 500:
		return "Server." + err.Code
	case service == "ec2":
		return "Client." + err.Code
	case service == "iam" && err.Code != "Throttling" && err.Code != "ValidationError":
		return strings.TrimSuffix(err.Code, "Exception") + "Exception"
	}
	return err.Code
}

// userIdentity: CloudTrail user guide, "CloudTrail userIdentity element".
func (s *Sim) userIdentity(c *call) map[string]any {
	out := map[string]any{"arn": c.Caller, "accountId": c.Account, "accessKeyId": c.accessKey}
	before, name, _ := strings.Cut(c.Caller, "/")
	switch {
	case strings.HasSuffix(before, ":assumed-role"):
		role, session, _ := strings.Cut(name, "/")
		id := "AROA" + strings.ToUpper(role)
		out["type"], out["principalId"] = "AssumedRole", id+":"+session
		out["sessionContext"] = map[string]any{
			"sessionIssuer": map[string]any{"type": "Role", "principalId": id, "arn": userOrRole(c.Caller), "accountId": c.Account, "userName": role},
			"attributes":    map[string]any{"creationDate": xmlTime(s.now()), "mfaAuthenticated": "false"},
		}
	case strings.HasSuffix(before, ":user"):
		user := partOf(name, "/")
		out["type"], out["principalId"], out["userName"] = "IAMUser", "AIDA"+strings.ToUpper(user), user
	case strings.HasSuffix(c.Caller, ":root"):
		out["type"], out["principalId"] = "Root", c.Account
	default:
		out = map[string]any{"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
	}
	return out
}

// uuidOf is the id that belongs to a text, so that events use up none of the ids of what is made.
func uuidOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	h := hex.EncodeToString(sum[:])
	return strings.Join([]string{h[:8], h[8:12], "4" + h[13:16], "8" + h[17:20], h[20:32]}, "-")
}
