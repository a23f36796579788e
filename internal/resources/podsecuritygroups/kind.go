// SPDX-License-Identifier: Apache-2.0

package podsecuritygroups

import (
	"context"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Descriptor is what generic code knows of SecurityGroupPolicies. They are no objects of AWS: their owner is an annotation,
// and no event tells of them.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true,
	Leftover: func(env *awsobject.Env, name, _ string) resource.Resource {
		namespace, policy, _ := strings.Cut(name, "/")
		return Leftover(PoliciesOf(env), namespace, policy)
	},
	PerProcess: func(workload dynamic.Interface, now func() time.Time) any { return NewPolicies(workload, now) },
	Search: func(ctx context.Context, env *awsobject.Env, owner string) ([]string, bool, error) {
		return PoliciesOf(env).Owned(ctx, owner)
	},
}

// PoliciesOf are the SecurityGroupPolicies of the cluster that pods run in.
func PoliciesOf(env *awsobject.Env) *Policies { return awsobject.Shared[*Policies](env, Kind) }
