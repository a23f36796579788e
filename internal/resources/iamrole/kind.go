// SPDX-License-Identifier: Apache-2.0

package iamrole

import (
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Descriptor is what generic code knows of IAM roles.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ARNType: "iam:role",
	NameInARN: awsobject.LastPart, // a path is no part of the name
	Events: func(name, _, _ string) []events.Object {
		return []events.Object{{Kind: events.Role, Name: name}}
	},
	Leftover: func(env *awsobject.Env, name, _ string) resource.Resource {
		return Leftover(env.IAM, env.EKS, env.Cluster, name)
	},
	PerAccount: func(func() time.Time) any { return NewPolicyCache() },
	Touched: func(shared any, changed events.Object) {
		if policies, ok := shared.(*PolicyCache); ok && changed.Kind == events.ManagedPolicy {
			policies.Forget(changed.Name)
		}
	},
}

// Policies is the cache of managed policies for the account of env.
func Policies(env *awsobject.Env) *PolicyCache { return awsobject.Shared[*PolicyCache](env, Kind) }
