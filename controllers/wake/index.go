// SPDX-License-Identifier: Apache-2.0

// Package wake has custom resources worked on for what changes elsewhere: in AWS, by the events of an account's queue, and in
// other objects of Kubernetes.
package wake

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// Index are which AWS objects which custom resources have to do with, as their last passes left them. An index of the cache would
// say the same a little later, and take six times the memory.
type Index struct {
	mu sync.Mutex
	// primed: the objects that have had no pass yet are known too.
	primed   bool
	byObject map[uint64][]*link
	byOwner  map[declaration.Key]*link
}

// link is one custom resource with the hashes of its AWS objects. Two objects of one hash cost a look that was not necessary.
type link struct {
	owner   declaration.Key
	kind    *declaration.Kind
	account string
	objects []uint64
}

var linkSeed = maphash.MakeSeed()

// linkKey is an object of an account. A struct, not a text: nobody's name for an object can be taken for another one.
type linkKey struct {
	account string
	object  events.Object
}

func hashOf(account string, o events.Object) uint64 {
	return maphash.Comparable(linkSeed, linkKey{account, o})
}

// Keys is a set of custom resources.
type Keys map[declaration.Key]bool

// Prime takes in, once, the objects of each kind that have had no pass yet. Errors: those of the reader.
func (l *Index) Prime(ctx context.Context, reader client.Reader, kinds []*declaration.Kind) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.primed {
		return nil
	}
	for _, kind := range kinds {
		list := kind.NewList()
		if err := reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return err
		}
		err := declaration.EachOf(list, func(obj v1alpha1.Declaration) {
			if l.byOwner[declaration.KeyOf(kind, obj)] == nil {
				l.put(kind, obj)
			}
		})
		if err != nil {
			return err
		}
	}
	l.primed = true
	return nil
}

// Set notes the AWS objects of a custom resource as it is now.
func (l *Index) Set(kind *declaration.Kind, obj v1alpha1.Declaration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(kind, obj)
}

// put is set, with l.mu held.
func (l *Index) put(kind *declaration.Kind, obj v1alpha1.Declaration) {
	key, account := declaration.KeyOf(kind, obj), obj.Declared().AccountRef.Name
	var objects []uint64
	for _, o := range kind.ObjectsOf(obj) {
		objects = append(objects, hashOf(account, o))
	}
	if known := l.byOwner[key]; known != nil {
		if known.account == account && slices.Equal(known.objects, objects) {
			return // as nearly always
		}
		l.remove(known)
	}
	if l.byOwner == nil {
		l.byOwner, l.byObject = map[declaration.Key]*link{}, map[uint64][]*link{}
	}
	added := &link{key, kind, account, objects}
	l.byOwner[key] = added
	for _, o := range objects {
		l.byObject[o] = append(l.byObject[o], added)
	}
}

// Forget drops a custom resource that is no more.
func (l *Index) Forget(owner declaration.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.byOwner[owner]; known != nil {
		l.remove(known)
	}
}

func (l *Index) remove(known *link) {
	delete(l.byOwner, known.owner)
	for _, o := range known.objects {
		l.byObject[o] = slices.DeleteFunc(l.byObject[o], func(other *link) bool { return other == known })
		if len(l.byObject[o]) == 0 {
			delete(l.byObject, o)
		}
	}
}

// Find returns the custom resources of some AWSAccounts that AWS objects concern. What is said of a route table, or of an object
// without a name, may concern them all, and most probably few: these come apart.
func (l *Index) Find(accounts []string, objects []events.Object) (named, all Keys) {
	named, all = Keys{}, Keys{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range objects {
		if o.Name == events.Any || o.Kind == events.RouteTable {
			for name, known := range l.byOwner {
				if slices.Contains(accounts, known.account) && known.kind.Concerns(o) {
					all[name] = true
				}
			}
			continue
		}
		for _, account := range accounts {
			for _, known := range l.byObject[hashOf(account, o)] {
				named[known.owner] = true
			}
		}
	}
	for key := range named {
		delete(all, key)
	}
	return named, all
}
