// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"strings"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Descriptor is what generic code knows of Fargate profiles. Only its cluster makes a profile's name unique: status calls one
// of its own cluster by its name, and one that was left in another by cluster/name.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ARNType: "eks:fargateprofile",
	NameInARN: func(rest string) string { // <cluster>/<name>/<uuid>
		parts := strings.Split(rest, "/")
		if len(parts) < 2 {
			return ""
		}
		return parts[0] + "/" + parts[1]
	},
	Events: func(name, _, cluster string) []events.Object {
		if !strings.Contains(name, "/") {
			name = cluster + "/" + name
		}
		return []events.Object{{Kind: events.FargateProfile, Name: name}}
	},
	Leftover: func(env *awsobject.Env, name, _ string) resource.Resource {
		return Leftover(env.EKS, QueueOf(env), env.Owner, env.Cluster, strings.TrimPrefix(name, env.Cluster+"/"))
	},
	ReadSingly: true,
	PerAccount: func(now func() time.Time) any { return NewQueue(now) },
	Leave: func(shared any, owner string) {
		if queue, ok := shared.(*Queue); ok {
			queue.LeaveOf(owner)
		}
	},
	CancelCreations: func(shared any, owner string) {
		if queue, ok := shared.(*Queue); ok {
			queue.CancelCreations(owner)
		}
	},
}

// QueueOf is where the Fargate profiles of the account of env wait for their turn.
func QueueOf(env *awsobject.Env) *Queue { return awsobject.Shared[*Queue](env, Kind) }
