// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
)

// publishedPolicy writes the policy of docs/iam.md into a file, as its own instructions do: the simulator holds the
// operator's key to it.
func publishedPolicy(t *testing.T, dir string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(installed.root, "docs", "iam.md"))
	must(err)
	_, policy, found := strings.Cut(string(page), "<!-- policy -->\n```json\n")
	policy, _, ended := strings.Cut(policy, "```")
	if !found || !ended || !json.Valid([]byte(policy)) {
		t.Fatal("docs/iam.md has no policy between its markers")
	}
	file := filepath.Join(dir, "policy.json")
	must(os.WriteFile(file, []byte(policy), 0o600))
	return file
}

// simCall is a line of the simulator's log of calls.
type simCall struct {
	Service, Operation, Caller, Code string
}

func (s *suite) simCalls(t *testing.T) []simCall {
	t.Helper()
	response, err := http.Get(s.backend.url + "/_awssim/calls")
	did(t, response, err)
	defer func() { _ = response.Body.Close() }()
	var calls []simCall
	must(json.NewDecoder(response.Body).Decode(&calls))
	return calls
}

// leastPrivilege: the whole run went through with the published policy and nothing more. The operator's key can do
// nothing else, and of all that the operator asked for, AWS refused nothing.
func (s *suite) leastPrivilege(t *testing.T) {
	if s.backend.name != "awssim" {
		return // moto weighs no policies
	}
	operator := 0
	for _, c := range s.simCalls(t) {
		if c.Caller != "arn:aws:iam::"+account+":user/operator" {
			continue
		}
		operator++
		if strings.HasPrefix(c.Code, "AccessDenied") || c.Code == "UnauthorizedOperation" {
			t.Errorf("the published policy does not let the operator do %s:%s: %s", c.Service, c.Operation, c.Code)
		}
	}
	if operator < 500 {
		t.Errorf("the operator called AWS %d times: this proves little", operator)
	}
	cfg := awstest.ConfigAs(s.backend.url, operatorKey, operatorSecret)
	_, err := kms.NewFromConfig(cfg).ListKeys(background(), &kms.ListKeysInput{})
	wantCode(t, "an action that is not in the policy", err, "AccessDeniedException")
	role := "somebody-elses"
	_, err = s.backend.iam.CreateRole(background(), &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: aws.String(trustOf("ec2.amazonaws.com"))})
	did(t, nil, err)
	_, err = iam.NewFromConfig(cfg).DeleteRole(background(), &iam.DeleteRoleInput{RoleName: &role})
	wantCode(t, "deleting what has no owner tag", err, "AccessDenied")
	t.Logf("%d calls of the operator, none refused", operator)
}
