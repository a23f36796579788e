// SPDX-License-Identifier: Apache-2.0

// Package awsobject says what generic code has to know of a kind of AWS object: how it is called in ARNs and events, what
// its Resources share, and how one that nobody declares any more is removed. Each package under internal/resources has one
// Kind, and package resources lists them.
package awsobject

import (
	"context"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is a kind of AWS object, or of an object in the workload cluster.
type Kind struct {
	// Name is how status calls it: status.resources[].kind.
	Name string
	// Owned: the operator makes objects of this kind, marks them with its owner tag, and removes them. Of other kinds
	// objects are only used.
	Owned bool
	// ARNType is how ARNs and the Resource Groups Tagging API call the kind, service and type: kms:key. "" for objects that
	// have no ARN. Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
	ARNType string
	// NameInARN reads the name of an object from what follows the type in its ARN; "" where the ARN is of something within
	// such an object. A name that only its cluster makes unique is cluster/name. Nil: all of it is the name.
	NameInARN func(rest string) string
	// Events are the names by which CloudTrail's events may call an object, of which arn may be "" while AWS has not told
	// it. Names that only a cluster makes unique are those of cluster. Nil: no event tells of such an object.
	Events func(name, arn, cluster string) []events.Object
	// Leftover makes the Resource of an object that nobody declares any more and that is to be removed. Nil where Owned is
	// false.
	Leftover func(env *Env, name, arn string) resource.Resource
	// Search finds the names of the owner's objects where the inventory does not see them; ok is false where a later pass is
	// to ask again. Nil: the inventory does, by the owner tag.
	Search func(ctx context.Context, env *Env, owner string) (names []string, ok bool, err error)
	// ReadSingly: the inventory asks AWS for one object of the kind at a time, so that what one pass has written outdates
	// that object's answers only. Else it outdates the sweeps too.
	ReadSingly bool
	// PerAccount makes what the Resources of the kind share within an account and Region, and PerProcess what all of them
	// do. Nil: nothing.
	PerAccount func(now func() time.Time) any
	PerProcess func(workload dynamic.Interface, now func() time.Time) any
	// Leave gives up what an owner waits for in the shared queues, since nothing may be written for it any more;
	// CancelCreations what it waits for to create, since it is being deleted. Nil: Resources of the kind wait for no others.
	Leave, CancelCreations func(shared any, owner string)
	// Touched tells what they share that an object was changed in AWS. Nil: they keep nothing of it.
	Touched func(shared any, changed events.Object)
}

// Env is where objects of one custom resource live: the account, and what Resources share.
type Env struct {
	*awsapi.Account
	// Owner is the value of the custom resource's owner tag.
	Owner string
	// Cluster is the EKS or ECS cluster that the custom resource is about, "" where it is about none.
	Cluster string
	// Shared holds what PerAccount and PerProcess of each kind have made, by the kind's name.
	Shared map[string]any
}

// Shared is what the Resources of a kind share. It panics where the kind's PerAccount or PerProcess makes no T, which a
// test of package resources would have shown.
func Shared[T any](env *Env, kind string) T {
	shared, ok := env.Shared[kind].(T)
	if !ok {
		panic("awsobject: the Resources of " + kind + " share nothing of that type")
	}
	return shared
}

// Named returns the name of the object that an ARN is about; "" for one of another kind.
func (k *Kind) Named(arn awsapi.ARN) string {
	typ, rest := splitType(arn.Resource)
	if k.ARNType == "" || k.ARNType != arn.Service+":"+typ {
		return ""
	}
	if k.NameInARN == nil {
		return rest
	}
	return k.NameInARN(rest)
}

// splitType splits the resource part of an ARN at the first / or :.
func splitType(s string) (typ, rest string) {
	if i := strings.IndexAny(s, "/:"); i >= 0 {
		return s[:i], s[i+1:]
	}
	return "", s
}

// LastPart is what follows the last slash of an ARN or a path.
func LastPart(text string) string { return text[strings.LastIndex(text, "/")+1:] }
