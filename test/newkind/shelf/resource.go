// SPDX-License-Identifier: Apache-2.0

// Package shelf keeps a shelf of the service storage as declared: its height. It is the smallest kind of AWS object that
// docs/adding-a-kind.md has to show, and lives in tests only.
package shelf

import (
	"context"
	"fmt"
	"strconv"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
)

// Kind is the kind of the Resource in status.
const Kind = "Shelf"

// The reasons that this package gives.
const (
	ReasonHeight = "ShelfHeightChanged"
	ReasonInUse  = "ShelfInUse"
)

const heightPath = "height"

// Desired is a declared shelf.
type Desired struct {
	Name   string
	Height int32
}

// Resource is one shelf.
type Resource struct {
	service *storage.Service
	name    string
	// desired is nil for a shelf that is only to be deleted.
	desired *Desired
}

var _ resource.Resource = (*Resource)(nil)

// New returns the Resource of a declared shelf.
func New(service *storage.Service, d Desired) *Resource {
	return &Resource{service, d.Name, &d}
}

// Leftover returns the Resource of a shelf that is no longer declared and only waits for its deletion.
func Leftover(service *storage.Service, name string) *Resource {
	return &Resource{service: service, name: name}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.name} }

// Hash implements resource.Resource.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	return canonical.Hash(*r.desired)
}

// Needs implements resource.Resource: a shelf needs nothing.
func (r *Resource) Needs() []resource.Ref { return nil }

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	shelf, err := r.service.DescribeShelf(ctx, r.name)
	switch {
	case awsapi.IsNotFound(err):
		return &resource.Observation{}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: reading: %w", r.ID(), err)
	}
	return &resource.Observation{
		Exists: true, ARN: shelf.ARN, Tags: shelf.Tags, Detail: *shelf,
		Gives: map[string]string{resource.ARN: shelf.ARN},
	}, nil
}

func shelfOf(o *resource.Observation) storage.Shelf {
	shelf, _ := o.Detail.(storage.Shelf)
	return shelf
}

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, _ resource.Values) []drift.Difference {
	if r.desired == nil || shelfOf(o).Height == r.desired.Height {
		return nil
	}
	return []drift.Difference{{
		Path: heightPath, Desired: text(r.desired.Height), Observed: text(shelfOf(o).Height),
		Severity: drift.Medium, Action: drift.Repair, Reason: ReasonHeight,
	}}
}

func text(n int32) string { return strconv.Itoa(int(n)) }

// Create implements resource.Resource.
func (r *Resource) Create(ctx context.Context, _ resource.Values, tags map[string]string) error {
	return r.service.CreateShelf(ctx, r.name, r.desired.Height, tags)
}

// Changes implements resource.Resource.
func (r *Resource) Changes(*resource.Observation, resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	return []resource.Change{{Paths: []string{heightPath}, Order: resource.Set, Do: func(ctx context.Context) error {
		return r.service.ResizeShelf(ctx, r.name, r.desired.Height)
	}}}
}

// Tag implements resource.Resource.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	return r.service.Tag(ctx, o.ARN, set, remove)
}

// Delete implements resource.Resource.
func (r *Resource) Delete(ctx context.Context, _ *resource.Observation) error {
	err := r.service.DeleteShelf(ctx, r.name)
	switch {
	case awsapi.IsNotFound(err):
		return nil
	case awsapi.Code(err) == storage.CodeInUse:
		return &resource.Waiting{Reason: ReasonInUse, Message: fmt.Sprintf("%s is deleted once no box stands on it", r.ID())}
	}
	return err
}
