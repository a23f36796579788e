// SPDX-License-Identifier: Apache-2.0

package box

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
)

// Event is how events call boxes: by their names.
const Event events.Kind = "Box"

// Descriptor is what generic code knows of boxes.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ReadSingly: true, ARNType: "storage:box",
	Events: func(name, _, _ string) []events.Object { return []events.Object{{Kind: Event, Name: name}} },
	Leftover: func(env *awsobject.Env, name, _ string) resource.Resource {
		return Leftover(storage.At(env.Endpoint), name)
	},
	Search: func(ctx context.Context, env *awsobject.Env, owner string) ([]string, bool, error) {
		_, boxes, err := storage.At(env.Endpoint).Tagged(ctx, resource.OwnerTag, owner)
		return boxes, true, err
	},
}
