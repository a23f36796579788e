// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Descriptor is what generic code knows of security groups.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ARNType: "ec2:security-group",
	Events: func(name, arn, _ string) []events.Object {
		return []events.Object{{Kind: events.SecurityGroup, Name: awsobject.LastPart(arn)}, {Kind: events.SecurityGroup, Name: name}}
	},
	Leftover: func(env *awsobject.Env, name, arn string) resource.Resource {
		return Leftover(env.EC2, awsobject.LastPart(arn), name)
	},
}
