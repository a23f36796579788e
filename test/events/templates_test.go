// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/test/processes"
)

// maxPattern is EventBridge's quota for the size of a pattern:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
const maxPattern = 2048

// services have a rule each, in this order.
var services = func() []string {
	names := []string{}
	for _, rule := range events.Rules() {
		names = append(names, rule.Service)
	}
	return names
}()

// pattern lets through the calls that internal/events finds objects in, and that did not fail.
func pattern(service string) object {
	source := service + ".amazonaws.com"
	return object{
		"source": []string{"aws." + service}, "detail-type": []string{"AWS API Call via CloudTrail"},
		"detail": object{"eventSource": []string{source}, "eventName": events.Calls()[source], "errorCode": []object{{"exists": false}}},
	}
}

func ruleOf(service string) string { return strings.ToUpper(service[:1]) + service[1:] + "Rule" }

func TestTheLinterFindsNothing(t *testing.T) {
	env := append(processes.BareEnv(t.TempDir()), "PYTHONUTF8=1")
	for file, region := range map[string]string{"drift-events.yaml": "eu-west-1", "drift-events-iam.yaml": "us-east-1"} {
		path, err := filepath.Abs(stacks + file)
		if err != nil {
			t.Fatal(err)
		}
		// Informational findings too.
		if out := run(t, env, "cfn-lint", "--include-checks", "I", "--regions", region, "--", path); strings.TrimSpace(out) != "" {
			t.Error(out)
		}
	}
}

func TestTheRulesLetThroughWhatIsMapped(t *testing.T) {
	regional := template(t, "drift-events.yaml")
	for _, service := range services {
		got := at(t, regional, "Resources", ruleOf(service), "Properties", "EventPattern")
		same(t, "the rule for "+service, got, pattern(service))
		if size := len(text(t, got)); size > maxPattern {
			t.Errorf("the rule for %s has %d characters, EventBridge takes %d", service, size, maxPattern)
		}
	}
	same(t, "the rule in us-east-1", at(t, template(t, "drift-events-iam.yaml"), "Resources", "Rule", "Properties", "EventPattern"), pattern("iam"))
}

// Only the rules of this stack may send, not those of another account that knows the queue's name.
func TestTheQueueTakesFromTheRulesOnly(t *testing.T) {
	tmpl := template(t, "drift-events.yaml")
	arns := []any{}
	for _, service := range services {
		arns = append(arns, object{"Fn::GetAtt": []string{ruleOf(service), "Arn"}})
	}
	same(t, "the queue's policy", at(t, tmpl, "Resources", "QueuePolicy", "Properties", "PolicyDocument", "Statement"), []object{{
		"Sid": "OnlyTheRules", "Effect": "Allow", "Principal": object{"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
		"Resource": object{"Fn::GetAtt": []string{"Queue", "Arn"}},
		"Condition": object{
			"StringEquals": object{"aws:SourceAccount": object{"Ref": "AWS::AccountId"}}, "ArnEquals": object{"aws:SourceArn": arns},
		},
	}})
	for name, resource := range at(t, tmpl, "Resources").(object) {
		if strings.HasSuffix(name, "Rule") {
			same(t, name+"'s target", at(t, resource, "Properties", "Targets"), []object{{"Id": "queue", "Arn": object{"Fn::GetAtt": []string{"Queue", "Arn"}}}})
		}
	}
}

// TestTerraformMakesTheSame compares the modules with the templates, resource by resource.
func TestTerraformMakesTheSame(t *testing.T) {
	tmpl, mod := template(t, "drift-events.yaml"), module(t, "drift-events")
	queue, dead := at(t, tmpl, "Resources", "Queue", "Properties").(object), at(t, tmpl, "Resources", "DeadLetterQueue", "Properties").(object)
	same(t, "the queue", block(t, mod, "resource", "aws_sqs_queue", "events"), object{
		"name": "${var.queue_name}", "sqs_managed_sse_enabled": queue["SqsManagedSseEnabled"],
		"message_retention_seconds":  queue["MessageRetentionPeriod"],
		"visibility_timeout_seconds": queue["VisibilityTimeout"],
		"redrive_policy":             "${jsonencode({deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = " + text(t, at(t, queue, "RedrivePolicy", "maxReceiveCount")) + "})}",
	})
	same(t, "the dead-letter queue", block(t, mod, "resource", "aws_sqs_queue", "dead"), object{
		"name": "${var.queue_name}-dead", "sqs_managed_sse_enabled": dead["SqsManagedSseEnabled"], "message_retention_seconds": dead["MessageRetentionPeriod"],
		"redrive_allow_policy": "${jsonencode({redrivePermission = \"" + at(t, dead, "RedriveAllowPolicy", "redrivePermission").(string) + "\", sourceQueueArns = [local.queue_arn]})}",
	})
	sub := strings.NewReplacer("${AWS::Partition}", "${data.aws_partition.current.partition}", "${AWS::Region}", "${data.aws_region.current.name}",
		"${AWS::AccountId}", "${data.aws_caller_identity.current.account_id}", "${QueueName}", "${var.queue_name}", "${TargetRegion}", "${var.target_region}", "${NamePrefix}", "${var.name_prefix}")
	locals := at(t, mod, "locals", 0).(object)
	same(t, "the queue's ARN", locals["queue_arn"], sub.Replace(at(t, dead, "RedriveAllowPolicy", "sourceQueueArns", 0, "Fn::Sub").(string)))
	patterns := object{}
	for _, service := range services {
		rule := at(t, tmpl, "Resources", ruleOf(service), "Properties").(object)
		patterns[service] = rule["EventPattern"]
		same(t, "a rule's name", at(t, rule, "Name", "Fn::Sub"), "${QueueName}-"+service)
	}
	same(t, "the patterns", locals["patterns"], patterns)
	rules := block(t, mod, "resource", "aws_cloudwatch_event_rule", "calls")
	delete(rules, "description")
	same(t, "the rules", rules, object{"for_each": "${local.patterns}", "name": "${var.queue_name}-${each.key}", "state": "ENABLED", "event_pattern": "${jsonencode(each.value)}"})
	same(t, "the targets", block(t, mod, "resource", "aws_cloudwatch_event_target", "queue"), object{
		"for_each": "${local.patterns}", "rule": "${aws_cloudwatch_event_rule.calls[each.key].name}", "target_id": "queue", "arn": "${aws_sqs_queue.events.arn}"})
	same(t, "the policy of the queue", block(t, mod, "data", "aws_iam_policy_document", "events"), statement(object{
		"sid": "OnlyTheRules", "effect": "Allow", "actions": []string{"sqs:SendMessage"}, "resources": []string{"${aws_sqs_queue.events.arn}"},
		"principals": []object{{"type": "Service", "identifiers": []string{"events.amazonaws.com"}}},
		"condition": []object{
			{"test": "StringEquals", "variable": "aws:SourceAccount", "values": []string{"${data.aws_caller_identity.current.account_id}"}},
			{"test": "ArnEquals", "variable": "aws:SourceArn", "values": "${[for rule in aws_cloudwatch_event_rule.calls : rule.arn]}"},
		},
	}))
	same(t, "what the policy is for", block(t, mod, "resource", "aws_sqs_queue_policy", "events"), object{"queue_url": "${aws_sqs_queue.events.url}", "policy": "${data.aws_iam_policy_document.events.json}"})
	same(t, "the number of resources", len(at(t, mod, "resource").([]any)), 5)
	same(t, "the number of resources in CloudFormation", len(at(t, tmpl, "Resources").(object)), 3+len(services))

	tmpl, mod = template(t, "drift-events-iam.yaml"), module(t, "drift-events-iam")
	rule := at(t, tmpl, "Resources", "Rule", "Properties").(object)
	locals = at(t, mod, "locals", 0).(object)
	same(t, "the pattern in us-east-1", locals["pattern"], rule["EventPattern"])
	same(t, "the bus", locals["bus_arn"], sub.Replace(at(t, rule, "Targets", 0, "Arn", "Fn::Sub").(string)))
	same(t, "the rule in us-east-1", block(t, mod, "resource", "aws_cloudwatch_event_rule", "iam"), object{
		"name": sub.Replace(at(t, rule, "Name", "Fn::Sub").(string)), "description": rule["Description"], "state": rule["State"], "event_pattern": "${jsonencode(local.pattern)}"})
	same(t, "the target in us-east-1", block(t, mod, "resource", "aws_cloudwatch_event_target", "bus"), object{
		"rule": "${aws_cloudwatch_event_rule.iam.name}", "target_id": "bus", "arn": "${local.bus_arn}", "role_arn": "${aws_iam_role.events.arn}"})
	role := at(t, tmpl, "Resources", "Role", "Properties")
	trust := at(t, role, "AssumeRolePolicyDocument", "Statement", 0).(object)
	same(t, "who takes the role", block(t, mod, "data", "aws_iam_policy_document", "trust"), statement(object{
		"effect": trust["Effect"], "actions": []any{trust["Action"]}, "principals": []object{{"type": "Service", "identifiers": []any{at(t, trust, "Principal", "Service")}}},
		"condition": []object{{"test": "StringEquals", "variable": sortedKeys(at(t, trust, "Condition", "StringEquals").(object))[0], "values": []string{"${data.aws_caller_identity.current.account_id}"}}}}))
	may := at(t, role, "Policies", 0, "PolicyDocument", "Statement", 0).(object)
	same(t, "what the role may do", block(t, mod, "data", "aws_iam_policy_document", "put_events"), statement(object{
		"effect": may["Effect"], "actions": []any{may["Action"]}, "resources": []string{"${local.bus_arn}"}}))
	same(t, "where the role may do it", at(t, may, "Resource"), at(t, rule, "Targets", 0, "Arn"))
	same(t, "the number of resources", len(at(t, mod, "resource").([]any)), 4)
}

func statement(s object) object { return object{"statement": []object{s}} }
