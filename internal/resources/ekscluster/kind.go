// SPDX-License-Identifier: Apache-2.0

package ekscluster

import (
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// Descriptor is what generic code knows of EKS clusters. They are only used, so their ARNs are never searched for.
var Descriptor = &awsobject.Kind{
	Name: Kind,
	Events: func(name, _, _ string) []events.Object {
		return []events.Object{{Kind: events.Cluster, Name: name}}
	},
}
