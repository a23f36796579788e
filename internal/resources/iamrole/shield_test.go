// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// A role that IAM will not delete, or that an instance profile holds, keeps its policies.
func TestARoleThatMayNotBeDeletedStaysWhole(t *testing.T) {
	for name, c := range map[string]struct {
		hold func(f *fixture)
		says string
	}{
		"denied": {func(f *fixture) { f.sim.Fail("iam:DeleteRole", "AccessDenied", "not authorized", 403, 1) }, "DeleteRole"},
		"held": {func(f *fixture) {
			f.sim.HoldRole("workers", declared().Name)
		}, "instance profile workers"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.created(declared())
			c.hold(f)
			left := Leftover(f.aws.IAM, f.aws.EKS, "prod", declared().Name)
			f.sim.ResetCalls()
			err := left.Delete(context.Background(), f.observe(left))
			var waiting *resource.Waiting
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.As(err, &waiting) != (name == "held") {
				t.Errorf("error is %v", err)
			}
			if got := f.writes(); !slices.Equal(got, []string{"iam:DeleteRole"}) {
				t.Errorf("wrote %v", got)
			}
		})
	}
}

// What IAM refuses to show is not judged, and the rest of the role is.
func TestWhatIsRefusedToShowIsNotJudged(t *testing.T) {
	for action, path := range map[string]string{
		"iam:ListAttachedRolePolicies": managedPaths, "iam:ListRolePolicies": inlinePaths, "iam:GetRolePolicy": inlinePath("pull-cache"),
		"iam:GetPolicy": "", "iam:GetPolicyVersion": "",
	} {
		t.Run(action, func(t *testing.T) {
			f := newFixture(t)
			f.created(declared())
			r := f.role(declared())
			f.sim.Fail(action, "AccessDenied", "not authorized", 403, 9)
			o := f.observe(r)
			var paths []string
			for _, u := range o.Unread {
				if !awsapi.IsDenied(u.Err) {
					t.Errorf("error is %v", u.Err)
				}
				paths = append(paths, u.Path)
			}
			if !o.Exists || !slices.Contains(paths, path) {
				t.Errorf("exists %v, unread %q, want %q", o.Exists, paths, path)
			}
		})
	}
}
