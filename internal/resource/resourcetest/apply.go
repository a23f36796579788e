// SPDX-License-Identifier: Apache-2.0

// Package resourcetest helps tests of Resources to do without the engine.
package resourcetest

import (
	"context"
	"errors"
	"slices"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Apply makes an object that does not exist, and else makes the changes that Diff wants made, in order. It returns every
// error, joined.
func Apply(ctx context.Context, res resource.Resource, o *resource.Observation, v resource.Values, tags map[string]string) error {
	if !o.Exists {
		return res.Create(ctx, v, tags)
	}
	repairs := map[string]bool{}
	for _, d := range res.Diff(o, v) {
		repairs[d.Path] = d.Action == drift.Repair && d.WaitsFor == ""
	}
	var all []error
	for _, change := range resource.InOrder(res.Changes(o, v)) {
		if !slices.ContainsFunc(change.Paths, func(path string) bool { return !repairs[path] }) {
			all = append(all, change.Do(ctx))
		}
	}
	return errors.Join(all...)
}
