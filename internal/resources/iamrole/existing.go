// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Referenced is a role that a profile names by ARN: it is verified, and never written.
type Referenced struct {
	reader
	arn   string
	guard guardrails.Guardrails
}

var (
	_ resource.Resource   = (*Referenced)(nil)
	_ resource.Referencer = (*Referenced)(nil)
)

// Existing returns the Resource of a role that is only verified.
func Existing(iam awsapi.IAM, eks awsapi.EKS, cache *PolicyCache, roleARN, clusterName string, guard guardrails.Guardrails) *Referenced {
	return &Referenced{reader: reader{iam: iam, eks: eks, cache: cache, cluster: clusterName}, arn: roleARN, guard: guard}
}

// name is the role's name: what follows the path in its ARN.
func (r *Referenced) name() string { return r.arn[strings.LastIndex(r.arn, "/")+1:] }

// ID implements resource.Resource.
func (r *Referenced) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.name()} }

// Hash implements resource.Resource.
func (r *Referenced) Hash() string { return "" }

// Needs implements resource.Resource.
func (r *Referenced) Needs() []resource.Ref { return nil }

// Referenced implements resource.Referencer.
func (r *Referenced) Referenced() bool { return true }

// Observe implements resource.Resource.
func (r *Referenced) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	role, err := r.read(ctx, r.name())
	if err != nil {
		return nil, err
	}
	if role == nil || role.ARN != r.arn {
		return &resource.Observation{Problems: []resource.Problem{r.absent(role)}}, nil
	}
	role.NodeGroupsRead = true
	if role.NodeGroup, err = r.nodeGroup(ctx, role.ARN); err != nil {
		return nil, err
	}
	o := observation(role)
	o.Problems = r.problems(role.Role)
	return o, nil
}

// absent says that there is no role of that ARN, and which one has its name if one does.
func (r *Referenced) absent(other *found) resource.Problem {
	found := "there is no such role in this account"
	if other != nil {
		found = "the role of that name in this account is " + other.ARN
	}
	return resource.Problem{Reason: ReasonRoleNotFound, Message: fmt.Sprintf("%s: existingARN is %s, but %s; correct the ARN or create the role", r.ID(), r.arn, found)}
}

// problems are the reasons why the role cannot or may not be the pod execution role.
func (r *Referenced) problems(role observed.Role) []resource.Problem {
	var out []resource.Problem
	if !admits(role.TrustPolicy, r.cluster) {
		out = append(out, resource.Problem{Reason: ReasonTrustUnsuitable, Message: fmt.Sprintf(
			"%s: its trust policy does not let %s assume it for Fargate profiles of cluster %s; allow sts:AssumeRole to that service", r.ID(), fargatePods, r.cluster)})
	}
	if role.NodeGroup != "" {
		out = append(out, r.nodeGroupProblem(r.ID(), role.NodeGroup))
	}
	out = append(out, r.boundaryProblems(role)...)
	out = append(out, inlineGuardProblems(r.ID(), r.guard, role.InlinePolicies)...)
	for _, policy := range role.ManagedPolicies {
		if !r.guard.PolicyAllowed(policy.ARN) {
			out = append(out, resource.Problem{Reason: ReasonGuardrail, Message: fmt.Sprintf(
				"%s: %s is attached to it, which the guardrails of the account do not allow; detach it or name another role", r.ID(), policy.ARN)})
		}
	}
	return out
}

// boundaryProblems hold the role's boundary against the guardrails.
func (r *Referenced) boundaryProblems(role observed.Role) []resource.Problem {
	want, found := r.guard.PermissionsBoundaryARN, role.PermissionsBoundary
	if found == "" {
		found = "none"
	}
	switch {
	case want != "" && role.PermissionsBoundary != want:
	case r.guard.RequireBoundary && role.PermissionsBoundary == "":
		want = "one on every role (requirePermissionsBoundary)"
	default:
		return nil
	}
	return []resource.Problem{{Reason: ReasonGuardrail, Message: fmt.Sprintf(
		"%s: its permissions boundary is %s, but the guardrails of the account demand %s; set it on the role or name another role", r.ID(), found, want)}}
}

// Diff implements resource.Resource: nothing is declared of the role.
func (r *Referenced) Diff(*resource.Observation, resource.Values) []drift.Difference { return nil }

// Create implements resource.Resource and does nothing.
func (r *Referenced) Create(context.Context, resource.Values, map[string]string) error { return nil }

// Changes implements resource.Resource: there are none.
func (r *Referenced) Changes(*resource.Observation, resource.Values) []resource.Change { return nil }

// Tag implements resource.Resource and does nothing.
func (r *Referenced) Tag(context.Context, *resource.Observation, map[string]string, []string) error {
	return nil
}

// Delete implements resource.Resource and does nothing.
func (r *Referenced) Delete(context.Context, *resource.Observation) error { return nil }
