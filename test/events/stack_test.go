// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/test/processes"
)

const account = "111122223333"

// moto is a running moto_server, with the aws command pointed at it.
type moto struct {
	url string
	env []string
}

func startMoto(t *testing.T) *moto {
	t.Helper()
	dir := t.TempDir()
	env := append(processes.BareEnv(dir), "MOTO_ACCOUNT_ID="+account, "PYTHONUNBUFFERED=1")
	process, err := processes.Start(dir, "moto", program(t, "moto_server"), env, "-H", "127.0.0.1", "-p", "0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.End)
	m := &moto{env: append(processes.BareEnv(dir), "AWS_ACCESS_KEY_ID=TESTER", "AWS_SECRET_ACCESS_KEY=secret", "AWS_PAGER=")}
	err = processes.Wait(processes.Patience, "starting moto", func() error {
		match := regexp.MustCompile(`Running on (http://[0-9.:]+)`).FindStringSubmatch(process.Text())
		if match == nil {
			return processes.ErrNotYet
		}
		m.url = match[1]
		response, err := http.Get(m.url + "/moto-api/data.json")
		if err != nil {
			return err
		}
		return response.Body.Close()
	}, process)
	if err != nil {
		t.Fatal(err, processes.Tail(process.Text()))
	}
	return m
}

// aws runs the aws command in a Region and decodes its answer.
func (m *moto) aws(t *testing.T, region string, args ...string) object {
	t.Helper()
	out := run(t, m.env, "aws", append([]string{"--endpoint-url", m.url, "--region", region, "--output", "json"}, args...)...)
	answer := object{}
	if out != "" {
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatalf("%v: %v in %s", args, err, out)
		}
	}
	return answer
}

// stack makes a stack as docs/events.md says, and returns its outputs. moto knows no AWS::SQS::QueuePolicy in a stack and
// leaves it out; it checks no policy of a queue either.
func (m *moto) stack(t *testing.T, region, name, file string, parameters ...string) map[string]string {
	t.Helper()
	args := []string{"cloudformation", "create-stack", "--stack-name", name, "--template-body", "file://" + stacks + file, "--capabilities", "CAPABILITY_IAM"}
	for i, parameter := range parameters {
		if i == 0 {
			args = append(args, "--parameters")
		}
		key, value, _ := strings.Cut(parameter, "=")
		args = append(args, "ParameterKey="+key+",ParameterValue="+value)
	}
	m.aws(t, region, args...)
	outputs := map[string]string{}
	described := at(t, m.aws(t, region, "cloudformation", "describe-stacks", "--stack-name", name), "Stacks", 0).(object)
	if list, ok := described["Outputs"].([]any); ok {
		for _, output := range list {
			outputs[at(t, output, "OutputKey").(string)] = at(t, output, "OutputValue").(string)
		}
	}
	return outputs
}

// record is CloudTrail's of a call.
func record(service, id, call string, more object) object {
	detail := object{
		"eventVersion": "1.08", "eventID": id, "eventTime": "2026-11-24T17:00:00Z", "recipientAccountId": account,
		"eventSource": service + ".amazonaws.com", "eventName": call, "eventType": "AwsApiCall",
		"userIdentity": object{"type": "IAMUser", "arn": "arn:aws:iam::" + account + ":user/mallory"},
	}
	for key, value := range more {
		detail[key] = value
	}
	return detail
}

// happen puts the events of calls on the default bus of a Region, as CloudTrail does.
func (m *moto) happen(t *testing.T, region string, records ...object) {
	t.Helper()
	entries := []object{}
	for _, r := range records {
		service, _, _ := strings.Cut(r["eventSource"].(string), ".")
		entries = append(entries, object{"Source": "aws." + service, "DetailType": "AWS API Call via CloudTrail", "Detail": text(t, r)})
	}
	answer := m.aws(t, region, "events", "put-events", "--entries", text(t, entries))
	same(t, "failed entries", answer["FailedEntryCount"], 0)
}

// poller is the operator's, on moto.
func (m *moto) poller(t *testing.T, region, url string, handled *[]events.Change) *events.Poller {
	cfg := awstest.ConfigAs(m.url, "TESTER", "secret")
	cfg.Region = region
	clients := awsapi.NewClients(cfg)
	return &events.Poller{
		Queue: func(context.Context) (awsapi.SQS, error) { return clients.SQS, nil }, URL: url, Log: testr.New(t),
		Handle: func(changes []events.Change) { *handled = append(*handled, changes...) },
	}
}

// drain polls until the queue has nothing that can be received.
func drain(t *testing.T, p *events.Poller) {
	t.Helper()
	for {
		n, err := p.Once(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func ids(changes []events.Change) []string {
	all := []string{}
	for _, change := range changes {
		all = append(all, change.ID)
	}
	slices.Sort(all)
	return all
}

// TestFromTheCallToThePoller: both stacks as they are made by CloudFormation, events through their rules into the queue,
// and out of it by the operator's own poller.
func TestFromTheCallToThePoller(t *testing.T) {
	const region, home = "eu-west-1", "us-east-1"
	m := startMoto(t)
	outputs := m.stack(t, region, "fargate-drift", "drift-events.yaml")
	m.stack(t, home, "fargate-drift-iam", "drift-events-iam.yaml", "TargetRegion="+region)
	url := outputs["QueueURL"]
	var handled []events.Change
	p := m.poller(t, region, url, &handled)

	m.happen(t, region,
		record("ec2", "a-group", "AuthorizeSecurityGroupIngress", object{"requestParameters": object{"groupId": "sg-0123456789abcdef0"}}),
		record("eks", "b-profile", "DeleteFargateProfile", object{"requestParameters": object{"name": "prod", "fargateProfileName": "payments"}}),
		record("kms", "c-key", "DisableKey", object{"requestParameters": object{"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}}),
		record("logs", "d-log", "PutRetentionPolicy", object{"requestParameters": object{"logGroupName": "/aws/eks/prod"}}),
		// Not for the queue.
		record("ec2", "f-read", "DescribeSecurityGroups", nil),
		record("ec2", "g-refused", "DeleteSecurityGroup", object{"errorCode": "Client.UnauthorizedOperation", "requestParameters": object{"groupId": "sg-0123456789abcdef0"}}),
		record("iam", "h-user", "CreateUser", nil),
	)
	m.happen(t, home,
		record("iam", "e-role", "AttachRolePolicy", object{"requestParameters": object{"roleName": "payments-pods"}}),
		// Not for the queue.
		record("ec2", "i-elsewhere", "DeleteSecurityGroup", object{"requestParameters": object{"groupId": "sg-0123456789abcdef0"}}),
	)
	drain(t, p)
	same(t, "what was handled", ids(handled), []string{"a-group", "b-profile", "c-key", "d-log", "e-role"})
	for _, change := range handled {
		if change.Actor != "arn:aws:iam::"+account+":user/mallory" || len(change.Objects) != 1 || change.Failed {
			t.Errorf("%+v", change)
		}
		if p.Heard(change.Source).IsZero() {
			t.Errorf("%s was not heard", change.Source)
		}
	}
	attributes := at(t, m.aws(t, region, "sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All"), "Attributes").(object)
	same(t, "messages left", []any{attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]}, []string{"0", "0"})
}

// TestABrokenMessageGoesToTheDeadLetterQueue by the number of times that it was received.
func TestABrokenMessageGoesToTheDeadLetterQueue(t *testing.T) {
	const region = "us-east-1" // where one stack is enough, IAM's events included
	m := startMoto(t)
	outputs := m.stack(t, region, "fargate-drift", "drift-events.yaml", "QueueName=fargate-drift-east")
	url, dead := outputs["QueueURL"], outputs["DeadLetterQueueURL"]
	var handled []events.Change
	p := m.poller(t, region, url, &handled)
	broken := 0
	p.Hooks.Broken = func() { broken++ }

	m.aws(t, region, "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "VisibilityTimeout=0")
	m.aws(t, region, "sqs", "send-message", "--queue-url", url, "--message-body", "broken")
	m.happen(t, region, record("iam", "a-role", "DeleteRolePolicy", object{"requestParameters": object{"roleName": "payments-pods"}}))
	for range 10 {
		if _, err := p.Once(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // moto's timeouts are in milliseconds, and 0 ends in the next
	}
	same(t, "what was handled", ids(handled), []string{"a-role"})
	same(t, "broken messages", broken, 1)
	same(t, "in the dead-letter queue", at(t, m.aws(t, region, "sqs", "receive-message", "--queue-url", dead), "Messages", 0, "Body"), "broken")
}
