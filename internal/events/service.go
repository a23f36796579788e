// SPDX-License-Identifier: Apache-2.0

package events

import (
	"slices"
	"strings"
)

// services are the AWS services whose calls are known: a file of its name each, and a line here. The EventBridge rules in
// config/aws are written from them, in this order (hack/docgen).
var services = []service{eksService, ec2Service, kmsService, logsService, iamService}

// service is the calls of one AWS service that change something that the operator looks at, those that it never makes
// itself included.
type service struct {
	// source is the service's eventSource in CloudTrail.
	source string
	// objects are what the calls are about, in words.
	objects string
	rows    []row
}

// row: where the records of some calls of a service name the objects that they touch. "request" is the record's
// requestParameters, "response" its responseElements, "resources" its resources; find.go says how a path is followed.
//
// AWS documents no schema of these: the spellings are those of records that were published. Where none was found, they
// are the names in the service's API, which is how CloudTrail spells the others. testdata/records.json has a record of
// each call, and says in its "seen" where the spelling is from.
type row struct {
	// calls are eventNames, separated by spaces.
	calls string
	find  find
	// tags: these calls change tags and nothing else.
	tags bool
}

// byCall has the rows by source and call.
var byCall = func() map[string]map[string]row {
	calls := map[string]map[string]row{}
	for _, s := range services {
		calls[s.source] = map[string]row{}
		for _, r := range s.rows {
			for _, call := range strings.Fields(r.calls) {
				calls[s.source][call] = r
			}
		}
	}
	return calls
}()

// Rule is what an EventBridge rule lets through: the calls of one service in whose records Parse finds objects.
type Rule struct {
	// Service is the service's name in its EventBridge source (aws.ec2) and eventSource (ec2.amazonaws.com).
	Service string
	// Objects are what the calls are about, in words.
	Objects string
	// Calls are eventNames, sorted.
	Calls []string
}

// Source is the rule's source on the event bus.
func (r Rule) Source() string { return "aws." + r.Service }

// EventSource is the service's name in CloudTrail's records.
func (r Rule) EventSource() string { return r.Service + domain }

// domain ends the eventSource of every service.
const domain = ".amazonaws.com"

// Rules are the rules in config/aws, one for each service.
func Rules() []Rule {
	rules := []Rule{}
	for _, s := range services {
		rule := Rule{Service: strings.TrimSuffix(s.source, domain), Objects: s.objects}
		for _, r := range s.rows {
			rule.Calls = append(rule.Calls, strings.Fields(r.calls)...)
		}
		slices.Sort(rule.Calls)
		rules = append(rules, rule)
	}
	return rules
}

// BusSources are the sources of the rules on the event bus, such as aws.ec2.
func BusSources() map[string]bool {
	sources := map[string]bool{}
	for _, rule := range Rules() {
		sources[rule.Source()] = true
	}
	return sources
}

// Calls lists the calls in whose records Parse finds objects: sorted eventNames by eventSource. The EventBridge rules
// in config/aws let these through, and no others.
func Calls() map[string][]string {
	calls := map[string][]string{}
	for _, rule := range Rules() {
		calls[rule.EventSource()] = rule.Calls
	}
	return calls
}
