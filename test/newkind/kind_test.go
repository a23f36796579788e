// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/newkind/box"
	"github.com/fargate-security/fargate-security-operator/test/newkind/shelf"
	"github.com/fargate-security/fargate-security-operator/test/newkind/storage"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
)

// warehouses is all that is to be said of a kind of custom resource: docs/adding-a-kind.md goes through it.
var warehouses = &Kind{
	Name: "Warehouse", CRD: "warehouses.test.fargatesecurity.io", Noun: "warehouse",
	New:      func() v1alpha1.Declaration { return &warehouse.Warehouse{} },
	NewList:  func() client.ObjectList { return &warehouse.WarehouseList{} },
	Sections: []string{warehouse.ShelfReadyCondition, warehouse.BoxesReadyCondition},
	Sees:     []events.Kind{shelf.Event, box.Event},
	Claims:   func(v1alpha1.Declaration) []guardrails.Claim { return nil }, // shelves and boxes are nobody's in particular
	Declare: func(env *Env, obj v1alpha1.Declaration) Declared {
		return &stock{env, obj.(*warehouse.Warehouse), storage.At(env.Endpoint)} // made by New
	},
}

// stock is what one Warehouse declares.
type stock struct {
	*Env
	object  *warehouse.Warehouse
	service *storage.Service
}

// Resources implements Declared.
func (s *stock) Resources() []resource.Resource {
	spec := s.object.Spec
	list := []resource.Resource{shelf.New(s.service, shelf.Desired{Name: spec.Shelf.Name, Height: spec.Shelf.Height})}
	for _, b := range spec.Boxes {
		list = append(list, box.New(s.service, box.Desired{Name: b.Name, Colour: b.Colour, Height: b.Height, Shelf: s.shelfID()}))
	}
	return list
}

func (s *stock) shelfID() resource.ID {
	return resource.ID{Kind: shelf.Kind, Name: s.object.Spec.Shelf.Name}
}

// Section implements Declared.
func (s *stock) Section(id resource.ID) string {
	if id.Kind == shelf.Kind {
		return warehouse.ShelfReadyCondition
	}
	return warehouse.BoxesReadyCondition
}

// Problems implements Declared: a box that is higher than its shelf does not fit.
func (s *stock) Problems() map[resource.ID][]resource.Problem {
	problems := map[resource.ID][]resource.Problem{}
	spec := s.object.Spec
	for _, b := range spec.Boxes {
		if b.Height > spec.Shelf.Height {
			id := resource.ID{Kind: box.Kind, Name: b.Name}
			problems[id] = append(problems[id], resource.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: fmt.Sprintf(
				"%s: spec.boxes[%s].height is %d, and its shelf has %d: make the shelf higher", id, b.Name, b.Height, spec.Shelf.Height)})
		}
	}
	return problems
}

// RecordIntent implements Declared: nothing but the common fields is to be remembered.
func (s *stock) RecordIntent(bool) {}

// RecordOwn implements Declared.
func (s *stock) RecordOwn(result *resource.Result) {
	s.object.Status.Boxes = 0
	for _, o := range result.Objects {
		if o.ID.Kind == box.Kind && o.Exists && o.Origin != "" {
			s.object.Status.Boxes++
		}
	}
}
