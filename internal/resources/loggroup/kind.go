// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Descriptor is what generic code knows of log groups.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ARNType: "logs:log-group",
	NameInARN: func(rest string) string { return strings.TrimSuffix(rest, ":*") },
	Events: func(name, _, _ string) []events.Object {
		return []events.Object{{Kind: events.LogGroup, Name: name}}
	},
	Leftover: func(env *awsobject.Env, name, _ string) resource.Resource { return Leftover(env.Logs, name) },
}
