// SPDX-License-Identifier: Apache-2.0

// Package box keeps a box of the service storage as declared: its colour, and the shelf that it stands on, whose ARN only
// the shelf's Resource knows. Its height is fixed when it is made. It lives in tests only (docs/adding-a-kind.md).
package box

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
const Kind = "Box"

// The reasons that this package gives.
const (
	ReasonColour = "BoxColourChanged"
	ReasonMoved  = "BoxMoved"
	ReasonHeight = "BoxHeightFixed"
)

const (
	colourPath = "colour"
	shelfPath  = "shelf"
	heightPath = "height"
)

// Desired is a declared box.
type Desired struct {
	Name, Colour string
	Height       int32
	// Shelf is the Resource of the shelf that it stands on.
	Shelf resource.ID
}

// Resource is one box.
type Resource struct {
	service *storage.Service
	name    string
	// desired is nil for a box that is only to be deleted.
	desired *Desired
}

var _ resource.Resource = (*Resource)(nil)

// New returns the Resource of a declared box.
func New(service *storage.Service, d Desired) *Resource {
	return &Resource{service, d.Name, &d}
}

// Leftover returns the Resource of a box that is no longer declared and only waits for its deletion.
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

// Needs implements resource.Resource: there is no box without a shelf.
func (r *Resource) Needs() []resource.Ref {
	if r.desired == nil {
		return nil
	}
	return []resource.Ref{{From: r.desired.Shelf, Value: resource.ARN}}
}

// Observe implements resource.Resource.
func (r *Resource) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	box, err := r.service.DescribeBox(ctx, r.name)
	switch {
	case awsapi.IsNotFound(err):
		return &resource.Observation{}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: reading: %w", r.ID(), err)
	}
	return &resource.Observation{
		Exists: true, ARN: box.ARN, Tags: box.Tags, Detail: *box, Uses: []string{box.ShelfARN},
		Gives: map[string]string{resource.ARN: box.ARN},
	}, nil
}

func boxOf(o *resource.Observation) storage.Box {
	box, _ := o.Detail.(storage.Box)
	return box
}

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, v resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	var diffs []drift.Difference
	box, shelf := boxOf(o), v.Text(r.desired.Shelf, resource.ARN)
	if box.Colour != r.desired.Colour {
		diffs = append(diffs, drift.Difference{Path: colourPath, Desired: r.desired.Colour, Observed: box.Colour,
			Severity: drift.Low, Action: drift.Repair, Reason: ReasonColour})
	}
	if box.ShelfARN != shelf {
		moved := drift.Difference{Path: shelfPath, Desired: shelf, Observed: box.ShelfARN,
			Severity: drift.High, Action: drift.Repair, Reason: ReasonMoved}
		if shelf == drift.Unknown {
			moved.WaitsFor = r.desired.Shelf.String()
		}
		diffs = append(diffs, moved)
	}
	if box.Height != r.desired.Height {
		diffs = append(diffs, drift.Difference{Path: heightPath, Desired: text(r.desired.Height), Observed: text(box.Height),
			Severity: drift.Low, Action: drift.RequiresReplacement, Reason: ReasonHeight})
	}
	return diffs
}

func text(n int32) string { return strconv.Itoa(int(n)) }

// Create implements resource.Resource.
func (r *Resource) Create(ctx context.Context, v resource.Values, tags map[string]string) error {
	return r.service.CreateBox(ctx, r.name, v.Text(r.desired.Shelf, resource.ARN), r.desired.Colour, r.desired.Height, tags)
}

// Changes implements resource.Resource.
func (r *Resource) Changes(_ *resource.Observation, v resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	return []resource.Change{
		{Paths: []string{colourPath}, Order: resource.Set, Do: func(ctx context.Context) error {
			return r.service.PaintBox(ctx, r.name, r.desired.Colour)
		}},
		{Paths: []string{shelfPath}, Order: resource.Set, Do: func(ctx context.Context) error {
			return r.service.MoveBox(ctx, r.name, v.Text(r.desired.Shelf, resource.ARN))
		}},
	}
}

// Tag implements resource.Resource.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	return r.service.Tag(ctx, o.ARN, set, remove)
}

// Delete implements resource.Resource.
func (r *Resource) Delete(ctx context.Context, _ *resource.Observation) error {
	if err := r.service.DeleteBox(ctx, r.name); !awsapi.IsNotFound(err) {
		return err
	}
	return nil
}
