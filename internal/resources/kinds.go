// SPDX-License-Identifier: Apache-2.0

// Package resources lists the kinds of AWS objects that the operator knows. Each has a package of its own below this one.
package resources

import (
	"slices"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
	"github.com/fargate-security/fargate-security-operator/internal/resources/loggroup"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// Kinds are all kinds in dependency order: each may need values of those before it, and is removed before them.
var Kinds = []*awsobject.Kind{
	ekscluster.Descriptor, kmskey.Descriptor, loggroup.Descriptor, iamrole.Descriptor, securitygroup.Descriptor,
	podsecuritygroups.Descriptor, fargateprofile.Descriptor,
}

// Order lists the names of Kinds.
func Order() []string {
	names := make([]string, 0, len(Kinds))
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// Find returns a kind by its name, nil for one that this version does not know.
func Find(name string) *awsobject.Kind {
	i := slices.IndexFunc(Kinds, func(k *awsobject.Kind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return Kinds[i]
}

// OfARN reads what an ARN is about; a nil Kind for what is none of ours.
func OfARN(text string) (kind *awsobject.Kind, name string) {
	arn, err := awsapi.ParseARN(text)
	if err != nil {
		return nil, ""
	}
	for _, k := range Kinds {
		if name := k.Named(arn); name != "" {
			return k, name
		}
	}
	return nil, ""
}

// Events are the names by which events may call an object of status, none for a kind that this version does not know.
func Events(kind, name, arn, cluster string) []events.Object {
	if k := Find(kind); k != nil && k.Events != nil {
		return k.Events(name, arn, cluster)
	}
	return nil
}

// Leftover makes the Resource of an object that is only to be removed, nil for kinds that are not Owned or not known.
func Leftover(env *awsobject.Env, kind, name, arn string) resource.Resource {
	if k := Find(kind); k != nil && k.Leftover != nil {
		return k.Leftover(env, name, arn)
	}
	return nil
}

// SharedByAccount makes what Resources share within an account and Region, by the name of their kind.
func SharedByAccount(now func() time.Time) map[string]any {
	shared := map[string]any{}
	for _, k := range Kinds {
		if k.PerAccount != nil {
			shared[k.Name] = k.PerAccount(now)
		}
	}
	return shared
}

// SharedByProcess makes what all Resources share, by the name of their kind.
func SharedByProcess(workload dynamic.Interface, now func() time.Time) map[string]any {
	shared := map[string]any{}
	for _, k := range Kinds {
		if k.PerProcess != nil {
			shared[k.Name] = k.PerProcess(workload, now)
		}
	}
	return shared
}

// Leave gives up what an owner waits for, in what Resources share.
func Leave(shared map[string]any, owner string) {
	for _, k := range Kinds {
		if k.Leave != nil {
			k.Leave(shared[k.Name], owner)
		}
	}
}

// CancelCreations gives up what an owner waits for to create, in what Resources share.
func CancelCreations(shared map[string]any, owner string) {
	for _, k := range Kinds {
		if k.CancelCreations != nil {
			k.CancelCreations(shared[k.Name], owner)
		}
	}
}

// Touch tells what Resources share that an object was changed in AWS.
func Touch(shared map[string]any, changed events.Object) {
	for _, k := range Kinds {
		if k.Touched != nil {
			k.Touched(shared[k.Name], changed)
		}
	}
}
