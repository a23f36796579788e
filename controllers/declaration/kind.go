// SPDX-License-Identifier: Apache-2.0

// Package declaration says what a kind of custom resource that declares AWS objects is: Kind is all that generic code knows of
// it, and package kinds has one for each.
package declaration

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// Kind is a kind of custom resource that declares AWS objects: everything that generic code has to know of it.
type Kind struct {
	// Name is the kind in Kubernetes, CRD the name of its CustomResourceDefinition, and Noun what messages call an object.
	Name, CRD, Noun string
	// New returns an empty object, NewList an empty list.
	New     func() v1alpha1.Declaration
	NewList func() client.ObjectList
	// OwnerWithoutKind: the kind is not part of its owner tags, as in those that the first versions wrote. For one kind only.
	OwnerWithoutKind bool
	// Sections are the conditions that speak for parts of the spec, in the order of status.
	Sections []string
	// Controls judge what was observed.
	Controls []controls.Control
	// Cluster is the EKS or ECS cluster that an object is about. Nil: it is about none.
	Cluster func(v1alpha1.Declaration) string
	// Sees are the kinds of AWS objects whose change concerns objects of this kind, also where an event does not name the object.
	Sees []events.Kind
	// Mentions lists AWS objects that a spec names without managing them: their changes concern it too. Nil: none.
	Mentions func(v1alpha1.Declaration) []events.Object
	// Claims lists the names that an object claims in its account: those that it declares, those that it leaves to the defaults,
	// and those that it refers to. An account's guardrails.claims say which it may. Never nil: a kind that claims
	// nothing says so.
	Claims func(v1alpha1.Declaration) []guardrails.Claim
	// ShareTexts has texts that many objects have in common be one text in memory (memo.Share). Nil: nothing of the kind's own.
	ShareTexts func(v1alpha1.Declaration)
	// Declare makes of an object what a pass works on.
	Declare func(*Env, v1alpha1.Declaration) Declared
	// Import finds what runs in AWS already and could be declared by objects of this kind. Nil: nothing can.
	Import func(context.Context, *Importing)
}

// Declared is what one object declares, for the time of a pass.
type Declared interface {
	// Resources lists what the spec declares, in dependency order.
	Resources() []resource.Resource
	// Section names the condition that speaks for an AWS object; it is one of Kind.Sections.
	Section(resource.ID) string
	// Problems are what is wrong with the spec itself beyond what the schema can say, by the object that it concerns. A
	// field that has a problem is not written, and nothing new is made while there is one.
	Problems() map[resource.ID][]resource.Problem
	// RecordIntent writes into status, besides the tags, what must not be forgotten of a pass that is cut off. While objects
	// are still to be done (settled is false), what is there is only added to.
	RecordIntent(settled bool)
	// RecordOwn writes the fields of status that only this kind has.
	RecordOwn(*resource.Result)
}

// Env is what a kind's Resources are made from.
type Env struct {
	*awsobject.Env
	// Guard and Quotas are those of the AWSAccount.
	Guard  guardrails.Guardrails
	Quotas v1alpha1.Quotas
	// View answers out of what all objects of the account read together.
	View *inventory.View
	// Prior is what status remembers.
	Prior map[resource.ID]resource.Prior
	// Wake has the object looked at again; nil: nobody can.
	Wake func()
}

// Owner is the value of the owner tag on what an object has made: <operator id>/<namespace>/<Kind>/<name>. None of the parts
// can hold a slash, so an owner without a kind is never taken for one with it.
func (k *Kind) Owner(operatorID string, obj types.NamespacedName) string {
	owner := operatorID + "/" + obj.Namespace + "/"
	if !k.OwnerWithoutKind {
		owner += k.Name + "/"
	}
	return owner + obj.Name
}

// ClusterOf is the cluster that an object is about, "" for none.
func (k *Kind) ClusterOf(obj v1alpha1.Declaration) string {
	if k.Cluster == nil {
		return ""
	}
	return k.Cluster(obj)
}

// ObjectsOf lists the AWS objects whose change concerns obj, as events name them: those in its status, and those that its
// spec names without managing them.
func (k *Kind) ObjectsOf(obj v1alpha1.Declaration) []events.Object {
	var list []events.Object
	for _, r := range obj.Found().Resources {
		list = append(list, resources.Events(r.Kind, r.Name, r.ARN, k.ClusterOf(obj))...)
	}
	if k.Mentions != nil {
		list = append(list, k.Mentions(obj)...)
	}
	return list
}

// Concerns tells whether the change of an unnamed AWS object can concern objects of this kind.
func (k *Kind) Concerns(o events.Object) bool { return slices.Contains(k.Sees, o.Kind) }
