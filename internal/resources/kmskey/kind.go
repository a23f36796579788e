// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Descriptor is what generic code knows of KMS keys.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ARNType: "kms:key",
	Events: func(name, arn, _ string) []events.Object {
		return []events.Object{{Kind: events.Key, Name: awsobject.LastPart(arn)}, {Kind: events.Alias, Name: name}}
	},
	Leftover: func(env *awsobject.Env, name, arn string) resource.Resource {
		return Leftover(env.KMS, env.Logs, arn, name)
	},
	ReadSingly: true,
	PerAccount: func(now func() time.Time) any { return NewPrincipals(now) },
}

// Principals are those that KMS does not know yet, in the account of env.
func Principals(env *awsobject.Env) *memo.Refusals {
	return awsobject.Shared[*memo.Refusals](env, Kind)
}
