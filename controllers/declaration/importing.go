// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"context"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Imported is an object that declares what was found in AWS.
type Imported struct {
	// Object is nil where nothing can be declared, and Title says then what was found.
	Object v1alpha1.Declaration
	Title  string
	// Notes say what could not be expressed, why, and what to do.
	Notes []string
}

// Importing is what an Import works with. It only reads.
type Importing struct {
	// Clusters are those to look at, sorted.
	Clusters []string
	// Wanted tells whether a name is one of those that were asked for.
	Wanted func(name string) bool
	// Env is what the Resources of an object are made from.
	Env func(v1alpha1.Declaration) *Env
	// Look is a pass over an object in mode Observe: what the operator would find.
	Look func(context.Context, v1alpha1.Declaration) *resource.Result
	// Prepare gives a new object its metadata and what all kinds share. The name is the first of the proposals that is free, as
	// Kubernetes wants names to be.
	Prepare func(obj v1alpha1.Declaration, names ...string)
	// Workload is the name of the EKS cluster whose objects in Kubernetes can be read; "" for none.
	Workload string
	// Emit is called for each object that was found.
	Emit func(Imported)
	// Missed notes what could not be read.
	Missed func(what string, err error)
	// Progress tells what is being read.
	Progress func(what string)
}
