// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Delete implements resource.Resource. A role that a Fargate profile or a node group of the cluster uses is left whole;
// else its policies go first, as IAM demands
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html).
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	if !o.Exists {
		return nil
	}
	role := detailOf(o)
	if err := r.inUse(ctx, r.ID(), role.ARN); err != nil {
		return err
	}
	for _, policy := range role.ManagedPolicies {
		if err := r.detachOne(ctx, policy.ARN); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(role.InlinePolicies)) {
		if err := r.deleteInlineOne(ctx, name); err != nil {
			return err
		}
	}
	_, err := r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.name})
	return r.doing("deleting the role", unlessGone(err))
}
