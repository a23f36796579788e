// SPDX-License-Identifier: Apache-2.0

package awsapi_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// refusals are AWS's words for who refuses, and what the advice must name. The words are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; the page's own spelling of session
// policies differs between explicit and implicit.
var refusals = map[string]string{
	"because no identity-based policy allows the iam:CreateRole action": "allow the action in the operator's IAM policy (docs/iam.md)",
	"": "allow the action in the operator's IAM policy (docs/iam.md)",
	"with an explicit deny in an identity-based policy":                                                                            "a Deny statement",
	"with an explicit deny in a service control policy":                                                                            "service control policy (SCP)",
	"with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/o-a/service_control_policy/p-a": "service control policy (SCP)",
	"because no service control policy allows the iam:CreateRole action":                                                           "service control policy (SCP)",
	"with an explicit deny in a resource control policy":                                                                           "resource control policy (RCP)",
	"because no permissions boundary allows the iam:CreateRole action":                                                             "permissions boundary",
	"with an explicit deny in a permissions boundary":                                                                              "permissions boundary",
	"because no session policy allows the iam:CreateRole action":                                                                   "session policy",
	"with an explicit deny in a sessions policy":                                                                                   "session policy",
	"because no VPC endpoint policy allows the iam:CreateRole action":                                                              "VPC endpoint",
	"with an explicit deny in a VPC endpoint policy":                                                                               "VPC endpoint",
	"with an explicit deny in a VPC endpoint policy transitively through a service control policy":                                 "service control policy (SCP)",
	"because no resource-based policy allows the iam:CreateRole action":                                                            "policy of the resource itself",
	"with an explicit deny in a resource-based policy":                                                                             "policy of the resource itself",
	"with an explicit deny in the role trust policy":                                                                               "trust policy of the role",
	"with an explicit deny": "a Deny statement",
}

// TestWhoeverRefusesIsNamed: only where the operator's own policy lacks the action is it to be changed.
func TestWhoeverRefusesIsNamed(t *testing.T) {
	for because, want := range refusals {
		said := "User: arn:aws:sts::111122223333:assumed-role/op/i-0abc is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111122223333:role/x " + because
		f := awsapi.Classify(called("IAM", "CreateRole", api("AccessDenied", said)))
		_, advice, _ := strings.Cut(f.Message, "; ")
		if f.Kind != failure.AccessDenied || f.Reason != "AccessDenied" || !strings.Contains(advice, want) || !strings.Contains(f.Message, because) {
			t.Errorf("%q: got %+v, want advice with %q", because, f, want)
		}
		if own := strings.Contains(because, "no identity-based") || because == ""; own != strings.Contains(advice, "allow the action in the operator's IAM policy") {
			t.Errorf("%q: the advice is %q", because, advice)
		}
	}
	if f := awsapi.Classify(called("EC2", "CreateSecurityGroup", api("OptInRequired", "You are not subscribed to this service."))); !strings.Contains(f.Message, "not activated yet") {
		t.Errorf("an account without the service is told %s", f.Message)
	}
}

// TestAnSCPOnTheWire: EC2 puts the words between two others.
func TestAnSCPOnTheWire(t *testing.T) {
	sim, cfg := simulator(t)
	sim.DenyBecause("ec2:CreateSecurityGroup", "with an explicit deny in a service control policy")
	_, err := awstest.Clients(t, cfg.EndpointURL).EC2.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("a"), Description: aws.String("a")})
	f := awsapi.Classify(err)
	if f.Kind != failure.AccessDenied || !strings.Contains(f.Message, "UnauthorizedOperation") || !strings.Contains(f.Message, "(SCP)") || strings.Contains(f.Message, awssim.EncodedMessage) {
		t.Errorf("got %+v", f)
	}
}
