// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// notCalls are actions of the published policy that are no calls of ours: AWS checks them on others.
var notCalls = []string{"iam:PassRole", "iam:CreateServiceLinkedRole", "sts:AssumeRole", "sts:TagSession"}

// checkActions compares, after a run of all tests, what the operator has called in it with the published IAM policy:
// an action that nothing needs is one too many. The calls are those that the metrics counted.
func checkActions(code int) int {
	if code != 0 || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" {
		return code
	}
	called := calledActions()
	for _, action := range awsapi.Actions() {
		if !called[action] && !slices.Contains(notCalls, action) {
			fmt.Fprintf(os.Stderr, "FAIL: the published policy allows %s, which no test saw the operator call\n", action)
			code = 1
		}
		delete(called, action)
	}
	for action := range called {
		fmt.Fprintf(os.Stderr, "FAIL: the operator called %s, which the published policy does not allow\n", action)
		code = 1
	}
	return code
}

// calledActions reads the metric fargatesec_aws_calls_total.
func calledActions() map[string]bool {
	families, err := registry.Gather()
	must(err)
	called := map[string]bool{}
	for _, family := range families {
		if family.GetName() != "fargatesec_aws_calls_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range metric.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			called[awsapi.ActionName(labels["service"], labels["operation"])] = true
		}
	}
	if len(called) == 0 {
		panic("no AWS call was counted")
	}
	return called
}
