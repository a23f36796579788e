// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// codeConflict is how IAM refuses to delete a role that something is attached to.
const codeConflict = "DeleteConflict"

// askHolders is when to look again at what only a person takes away.
const askHolders = time.Minute

// Delete implements resource.Resource. A role that a Fargate profile, a node group of the cluster or an instance profile
// uses is left whole. IAM is asked first: that it refuses a role with policies shows that it would delete one without
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html), and nothing is taken off a role that may not
// be deleted.
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	if !o.Exists {
		return nil
	}
	role := detailOf(o)
	if err := r.inUse(ctx, r.ID(), role.ARN); err != nil {
		return err
	}
	conflict, err := r.deleteRole(ctx)
	if err != nil || !conflict {
		return err
	}
	if err := r.inInstanceProfile(ctx); err != nil {
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
	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.name})
	return r.doing("deleting the role", unlessGone(err))
}

// deleteRole tells that IAM would delete the role, were nothing attached to it.
func (r *Resource) deleteRole(ctx context.Context) (conflict bool, err error) {
	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.name})
	if awsapi.Code(err) == codeConflict {
		return true, nil
	}
	return false, r.doing("deleting the role", unlessGone(err))
}

// inInstanceProfile returns a Waiting that names an instance profile which holds the role, or nil.
func (r *Resource) inInstanceProfile(ctx context.Context) error {
	out, err := r.iam.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: &r.name})
	if err != nil || len(out.InstanceProfiles) == 0 {
		return r.doing("looking for instance profiles that hold it", unlessGone(err))
	}
	return &resource.Waiting{Reason: ReasonInUse, After: askHolders, Message: fmt.Sprintf(
		"%s is left whole, since instance profile %s holds it; take the role out of the instance profile, or set spec.deletionPolicy to Retain",
		r.ID(), aws.ToString(out.InstanceProfiles[0].InstanceProfileName))}
}
