// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
)

// operations lists what the operator calls, as <client>.<operation>, where the operation begins with one of the verbs.
func operations(verbs ...string) (list []string) {
	clients := reflect.TypeFor[awsapi.Clients]()
	for i := range clients.NumField() {
		for j := range clients.Field(i).Type.NumMethod() {
			operation := clients.Field(i).Type.Method(j).Name
			if slices.ContainsFunc(verbs, func(verb string) bool { return strings.HasPrefix(operation, verb) }) {
				list = append(list, clients.Field(i).Name+"."+operation)
			}
		}
	}
	return list
}

// leftToAWS are the reads that a View does not answer, and why.
var leftToAWS = map[string]string{
	"EC2.DescribeNetworkInterfaces":      "asked before a group is deleted: nothing is done on the word of a View",
	"EKS.DescribeNodegroup":              "asked before a role is deleted, and when one that exists is checked",
	"EKS.ListNodegroups":                 "as DescribeNodegroup",
	"IAM.GetAccountAuthorizationDetails": "the sweep over roles",
	"IAM.GetPolicyVersion":               "iamrole.PolicyCache keeps the documents",
	"IAM.ListInstanceProfilesForRole":    "asked before a role is deleted",
	"KMS.ListAliases":                    "asked about a key before it is deleted or named anew",
	"KMS.ListGrants":                     "asked before a key is deleted",
	"STS.GetCallerIdentity":              "it makes a session",
	"Tagging.GetResources":               "the sweep over tags",
}

// TestEveryReadIsAnsweredOrLeftToAWS: a read that nobody thought of would be put to AWS for each object, and nothing be wrong
// but the number of calls. What is in reads, TestWhatIsKnownIsNotAskedAgain holds, is answered by the View.
func TestEveryReadIsAnsweredOrLeftToAWS(t *testing.T) {
	answered := map[string]bool{}
	for _, read := range reads {
		operation, _, _ := strings.Cut(read.name, " ")
		answered[operation] = true
	}
	all := operations("Describe", "Get", "List")
	for _, read := range all {
		if left := leftToAWS[read] != ""; left == answered[read] {
			t.Errorf("%s: in reads (view_test.go): %t, in leftToAWS: %t; want it in one of them: add what a View answers to reads and to View.Clients, and what AWS is always asked to leftToAWS",
				read, answered[read], left)
		}
		delete(answered, read)
	}
	for operation := range answered {
		t.Errorf("%s is in reads, and the operator does not call it", operation)
	}
	for read := range leftToAWS {
		if !slices.Contains(all, read) {
			t.Errorf("%s is in leftToAWS, and the operator does not call it", read)
		}
	}
}

// foundBy says under which type the Tagging API knows what the operator creates, or how else it is found.
var foundBy = map[string]string{
	"EC2.CreateSecurityGroup":  inventory.SecurityGroupType,
	"EC2.CreateTags":           "", // of a group
	"EKS.CreateFargateProfile": inventory.FargateProfileType,
	"IAM.CreateRole":           "", // the Tagging API does not know roles; they are in a sweep of their own
	"KMS.CreateAlias":          "", // has no tags; it goes with its key
	"KMS.CreateKey":            inventory.KeyType,
	"Logs.CreateLogGroup":      inventory.LogGroupType,
}

// askedTypes records which types of resources the Tagging API is asked for.
type askedTypes struct {
	awsapi.Tagging
	types [][]string
}

// GetResources implements awsapi.Tagging.
func (a *askedTypes) GetResources(ctx context.Context, in *resourcegroupstaggingapi.GetResourcesInput, opts ...func(*resourcegroupstaggingapi.Options)) (*resourcegroupstaggingapi.GetResourcesOutput, error) {
	a.types = append(a.types, in.ResourceTypeFilters)
	return a.Tagging.GetResources(ctx, in, opts...)
}

// TestWhatIsCreatedIsFoundByItsTag: a type that nobody asks for is never found again when status is lost, and stays in AWS.
func TestWhatIsCreatedIsFoundByItsTag(t *testing.T) {
	r := newRig(t)
	asked := &askedTypes{Tagging: r.aws.Tagging}
	clients := r.aws
	clients.Tagging = asked
	r.view.Renew(clients)
	for name, ctx := range map[string]context.Context{"out of the sweep": r.within(r.clock.Now()), "by AWS itself": context.Background()} {
		asked.types = nil
		if found := r.owned(ctx, owner); len(asked.types) == 0 || len(found) != 5 {
			t.Fatalf("%s: found %q, asked for %q: this shows nothing", name, found, asked.types)
		}
		unwanted := slices.Concat(asked.types...)
		for _, create := range operations("Create") {
			resourceType, known := foundBy[create]
			if !known {
				t.Errorf("%s: %s is not in foundBy: say there as which type the Tagging API finds what it makes, and add that to tagTypes (tagging.go)", name, create)
			}
			for _, types := range asked.types {
				if resourceType != "" && !slices.Contains(types, resourceType) {
					t.Errorf("%s: the Tagging API is asked for %q: what %s makes, %s, is missing in tagTypes (tagging.go)", name, types, create, resourceType)
				}
			}
			unwanted = slices.DeleteFunc(unwanted, func(asked string) bool { return asked == resourceType })
		}
		if len(unwanted) > 0 {
			t.Errorf("%s: the Tagging API is asked for %q, which nothing makes", name, unwanted)
		}
	}
	for create := range foundBy {
		if !slices.Contains(operations("Create"), create) {
			t.Errorf("%s is in foundBy, and the operator does not call it", create)
		}
	}
}
