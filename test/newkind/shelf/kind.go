// SPDX-License-Identifier: Apache-2.0

package shelf

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
)

// Event is how events call shelves: by their names.
const Event events.Kind = "Shelf"

// Descriptor is what generic code knows of shelves.
var Descriptor = &awsobject.Kind{
	Name: Kind, Owned: true, ReadSingly: true, ARNType: "storage:shelf",
	Events: func(name, _, _ string) []events.Object { return []events.Object{{Kind: Event, Name: name}} },
	Leftover: func(env *awsobject.Env, name, _ string) resource.Resource {
		return Leftover(storage.At(env.Endpoint), name)
	},
	Search: func(ctx context.Context, env *awsobject.Env, owner string) ([]string, bool, error) {
		shelves, _, err := storage.At(env.Endpoint).Tagged(ctx, resource.OwnerTag, owner)
		return shelves, true, err
	},
}
