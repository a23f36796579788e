// SPDX-License-Identifier: Apache-2.0

package events

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// example is a record of one or more calls, in testdata/records.json.
type example struct {
	// Calls are the names of the calls whose records look like this.
	Calls, Source string
	// Seen says where such a record is published; "" where none was found, and the names are those of the API.
	Seen                         string
	Request, Response, Resources any
	Tags                         bool
	Want                         []string
}

func examples(t testing.TB) []example {
	t.Helper()
	content, err := os.ReadFile("testdata/records.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// event is the EventBridge event of a record.
func event(t testing.TB, detail map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"version": "0", "id": "36eb8523-97d0-4518-b33d-ee3579ff19f0", "detail-type": "AWS API Call via CloudTrail",
		"source": "aws.iam", "account": "111122223333", "time": "2026-11-24T17:00:00Z", "region": "us-east-1", "resources": []string{},
		"detail": detail,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// detail is a record, as CloudTrail writes it.
func detail(source, call string, more map[string]any) map[string]any {
	d := map[string]any{
		"eventVersion": "1.08", "eventID": "a6f4b3d2-0000-4000-8000-000000000001", "eventTime": "2026-11-24T16:59:58Z",
		"eventSource": source, "eventName": call, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
		"requestID": "d528a6fb-63bc-11e4-bc2b-4198b6150d5c", "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true,
		"userIdentity": map[string]any{
			"type": "AssumedRole", "principalId": "AROAEXAMPLE:alice@example.com", "accountId": "111122223333",
			"arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
		},
		"requestParameters": nil, "responseElements": nil,
	}
	for key, value := range more {
		d[key] = value
	}
	return d
}

func (e example) body(t testing.TB, call string) string {
	return event(t, detail(e.Source, call, map[string]any{"requestParameters": e.Request, "responseElements": e.Response, "resources": e.Resources}))
}

func texts(objects []Object) []string {
	names := []string{}
	for _, o := range objects {
		names = append(names, string(o.Kind)+" "+o.Name)
	}
	return names
}

func TestEveryCallOfTheTable(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range examples(t) {
		for _, call := range strings.Fields(e.Calls) {
			change, err := Parse(e.body(t, call))
			if err != nil {
				t.Fatalf("%s %s: %v", e.Source, call, err)
			}
			if got := texts(change.Objects); !slices.Equal(got, e.Want) || change.Tags != e.Tags || change.Failed {
				t.Errorf("%s %s: tags %v, failed %v, objects %q, want %q", e.Source, call, change.Tags, change.Failed, got, e.Want)
			}
			seen[e.Source+" "+call] = seen[e.Source+" "+call] || len(e.Want) > 0
		}
	}
	for source, calls := range Calls() {
		for _, call := range calls {
			if !seen[source+" "+call] {
				t.Errorf("%s %s is in the table and has no record with an object in testdata", source, call)
			}
			delete(seen, source+" "+call)
		}
	}
	for call := range seen {
		t.Errorf("%s is in testdata and not in the table", call)
	}
}

// A call that is in two rows would be found by one of them only.
func TestNoCallIsInTheTableTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range Rules() {
		for _, call := range rule.Calls {
			if seen[rule.Service+call] {
				t.Errorf("%s %s is in the table twice", rule.Service, call)
			}
			seen[rule.Service+call] = true
		}
	}
}

func TestWhatARecordSaysOfTheCall(t *testing.T) {
	body := event(t, detail("iam.amazonaws.com", "AttachRolePolicy", map[string]any{"requestParameters": map[string]any{"roleName": "payments-pods"}}))
	got, err := Parse(body)
	want := Change{
		ID: "a6f4b3d2-0000-4000-8000-000000000001", Time: time.Date(2026, 11, 24, 16, 59, 58, 0, time.UTC),
		Source: "iam.amazonaws.com", Name: "AttachRolePolicy", Region: "eu-west-1", Account: "111122223333",
		Actor:     "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
		RequestID: "d528a6fb-63bc-11e4-bc2b-4198b6150d5c", Objects: []Object{{Role, "payments-pods"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
	}
}

func TestWhatParseMakesOfOddRecords(t *testing.T) {
	identity := func(fields map[string]any) map[string]any { return map[string]any{"userIdentity": fields} }
	long := "arn:aws:sts::111122223333:assumed-role/x/" + strings.Repeat("é", 2000)
	for name, c := range map[string]struct {
		source, call string
		more         map[string]any
		check        func(Change) bool
	}{
		"a refused call": {"iam.amazonaws.com", "DeleteRole", map[string]any{"errorCode": "AccessDenied", "requestParameters": map[string]any{"roleName": "a"}},
			func(c Change) bool { return c.Failed && len(c.Objects) == 1 }},
		"AWS itself": {"iam.amazonaws.com", "DeleteRole", identity(map[string]any{"type": "AWSService", "invokedBy": "eks.amazonaws.com"}),
			func(c Change) bool { return c.Actor == "eks.amazonaws.com" }},
		"a person through a service": {"iam.amazonaws.com", "DeleteRole", identity(map[string]any{"arn": "arn:aws:iam::111122223333:user/dev", "invokedBy": "signin.amazonaws.com"}),
			func(c Change) bool { return c.Actor == "arn:aws:iam::111122223333:user/dev" }},
		"nobody": {"iam.amazonaws.com", "DeleteRole", identity(map[string]any{"type": "Unknown"}),
			func(c Change) bool { return c.Actor == "" }},
		"no identity": {"iam.amazonaws.com", "DeleteRole", map[string]any{"userIdentity": nil},
			func(c Change) bool { return c.Actor == "" }},
		"a session's name that plays tricks": {"iam.amazonaws.com", "DeleteRole", identity(map[string]any{"arn": "arn:aws:sts::1:assumed-role/x/\u202eevil\x1b[2J\nname"}),
			func(c Change) bool { return c.Actor == "arn:aws:sts::1:assumed-role/x/evil[2Jname" }},
		"a long ARN": {"iam.amazonaws.com", "DeleteRole", identity(map[string]any{"arn": long}),
			func(c Change) bool {
				return len(c.Actor) > 2040 && len(c.Actor) <= 2048 && utf8.ValidString(c.Actor) && strings.HasPrefix(long, c.Actor)
			}},
		"a call that is not in the table": {"iam.amazonaws.com", "CreateUser", map[string]any{"requestParameters": map[string]any{"roleName": "a"}},
			func(c Change) bool { return c.Objects == nil }},
		"a service that is not in the table": {"s3.amazonaws.com", "DeleteRole", map[string]any{"requestParameters": map[string]any{"roleName": "a"}},
			func(c Change) bool { return c.Objects == nil }},
		"a call without parameters": {"kms.amazonaws.com", "DisableKey", nil, func(c Change) bool { return c.Objects == nil }},
		"parameters of another form": {"iam.amazonaws.com", "DeleteRole", map[string]any{"requestParameters": []any{"null", 1, map[string]any{"roleName": map[string]any{"a": 1}}}, "responseElements": "null"},
			func(c Change) bool { return c.Objects == nil }},
		"names that are none": {"ec2.amazonaws.com", "CreateTags", map[string]any{"requestParameters": map[string]any{"resourcesSet": map[string]any{"items": []any{
			map[string]any{"resourceId": "*"}, map[string]any{"resourceId": ""}, map[string]any{"resourceId": "sg-\n"}, map[string]any{"resourceId": "sg-" + strings.Repeat("1", 5000)}}}}},
			func(c Change) bool { return c.Objects == nil }},
		"a star for a name": {"iam.amazonaws.com", "DeleteRole", map[string]any{"requestParameters": map[string]any{"roleName": "*"}},
			func(c Change) bool { return c.Objects == nil }},
		"another spelling": {"iam.amazonaws.com", "DeleteRole", map[string]any{"requestParameters": map[string]any{"RoleName": "arn:aws:iam::111122223333:role/teams/a/payments"}},
			func(c Change) bool { return slices.Equal(c.Objects, []Object{{Role, "payments"}}) }},
		"no Region, no account": {"iam.amazonaws.com", "DeleteRole", map[string]any{"awsRegion": nil, "recipientAccountId": nil},
			func(c Change) bool { return c.Region == "us-east-1" && c.Account == "111122223333" }},
	} {
		t.Run(name, func(t *testing.T) {
			change, err := Parse(event(t, detail(c.source, c.call, c.more)))
			if err != nil || !c.check(change) {
				t.Errorf("%v, %+v", err, change)
			}
		})
	}
}

func TestBrokenMessages(t *testing.T) {
	const secret = "hunter2"
	good := event(t, detail("iam.amazonaws.com", "DeleteRole", nil))
	without := func(field string) string {
		return event(t, detail("iam.amazonaws.com", "DeleteRole", map[string]any{field: nil}))
	}
	for body, want := range map[string]error{
		"":            errNotJSON,
		secret:        errNotJSON,
		good + secret: errNotJSON,
		`{"detail-type":"AWS API Call via CloudTrail","detail":"` + secret + `"}`:  errNotJSON,
		`{"detail-type":"` + secret + `"}`:                                         errOther,
		strings.Replace(good, detailType, "AWS Console Sign In via CloudTrail", 1): errOther,
		without("eventID"):     errNameless,
		without("eventName"):   errNameless,
		without("eventSource"): errNameless,
		without("eventTime"):   errTimeless,
		event(t, detail("iam.amazonaws.com", "DeleteRole", map[string]any{"eventTime": secret})): errTimeless,
		strings.Repeat("[", maxDepth+1):           errTooDeep,
		`{"a":` + strings.Repeat(`{"a":`, 100000): errTooDeep,
		strings.Repeat(" ", maxBody+1):            errTooLong,
	} {
		if _, err := Parse(body); !errors.Is(err, want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%.80q: %v, want %v", body, err, want)
		}
	}
}

func TestDepthLeavesTextsOut(t *testing.T) {
	for body, want := range map[string]int{"": 0, "[]": 1, `{"a":[{"b":1}]}`: 3, `["[[[[", "\"[[["]`: 1, `[[],[],[[]]]`: 3, `["\\",[]]`: 2, "]]]]": 0} {
		if got := depth(body); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
}

// FuzzParse: no message makes Parse panic, and what it returns is fit for a log, for status and for a lookup.
func FuzzParse(f *testing.F) {
	for _, e := range examples(f) {
		call, _, _ := strings.Cut(e.Calls, " ")
		f.Add(e.body(f, call))
	}
	f.Add("")
	f.Add(`{"detail-type":"AWS API Call via CloudTrail"}`)
	f.Add(strings.Repeat("[", 100))
	f.Fuzz(func(t *testing.T, body string) {
		change, err := Parse(body)
		if err != nil {
			if !reflect.DeepEqual(change, Change{}) {
				t.Fatalf("an error and a change: %+v", change)
			}
			return
		}
		for _, text := range []string{change.ID, change.Source, change.Name, change.Region, change.Account, change.Actor, change.RequestID} {
			if len(text) > maxActor || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q is not fit for a log", text)
			}
		}
		for i, object := range change.Objects {
			if object.Kind == "" || object.Name == "" || len(object.Name) > 2*maxName+1 || strings.ContainsFunc(object.Name, unicode.IsControl) {
				t.Fatalf("%+v is no object", object)
			}
			if i > 0 && texts(change.Objects)[i-1] >= texts(change.Objects)[i] {
				t.Fatalf("%+v are not sorted, or one is there twice", change.Objects)
			}
		}
		if again, err := Parse(body); err != nil || !reflect.DeepEqual(again, change) {
			t.Fatalf("the second time: %v, %+v, not %+v", err, again, change)
		}
	})
}
