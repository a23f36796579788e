// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/events"
)

// links are which AWS objects which profiles have to do with, as their last passes left them. An index of the cache would
// say the same a little later, and take six times the memory.
type links struct {
	mu sync.Mutex
	// primed: the profiles that have had no pass yet are known too.
	primed    bool
	byObject  map[uint64][]*link
	byProfile map[types.NamespacedName]*link
}

// link is one profile with the hashes of its objects. Two objects of one hash cost a look that was not necessary.
type link struct {
	profile types.NamespacedName
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

// requests is a set of profiles.
type requests map[ctrl.Request]bool

// prime takes in, once, the profiles that have had no pass yet. Errors: those of the reader.
func (l *links) prime(ctx context.Context, reader client.Reader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.primed {
		return nil
	}
	list := &v1alpha1.FargateSecurityProfileList{}
	if err := reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return err
	}
	for i := range list.Items {
		if profile := &list.Items[i]; l.byProfile[client.ObjectKeyFromObject(profile)] == nil {
			l.put(profile)
		}
	}
	l.primed = true
	return nil
}

// set notes the objects of a profile as it is now.
func (l *links) set(profile *v1alpha1.FargateSecurityProfile) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(profile)
}

// put is set, with l.mu held.
func (l *links) put(profile *v1alpha1.FargateSecurityProfile) {
	name, account := client.ObjectKeyFromObject(profile), profile.Spec.AccountRef.Name
	var objects []uint64
	for _, o := range objectsOf(profile) {
		objects = append(objects, hashOf(account, o))
	}
	if known := l.byProfile[name]; known != nil {
		if known.account == account && slices.Equal(known.objects, objects) {
			return // as nearly always
		}
		l.remove(known)
	}
	if l.byProfile == nil {
		l.byProfile, l.byObject = map[types.NamespacedName]*link{}, map[uint64][]*link{}
	}
	added := &link{name, account, objects}
	l.byProfile[name] = added
	for _, o := range objects {
		l.byObject[o] = append(l.byObject[o], added)
	}
}

// forget drops a profile that is no more.
func (l *links) forget(profile types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.byProfile[profile]; known != nil {
		l.remove(known)
	}
}

func (l *links) remove(known *link) {
	delete(l.byProfile, known.profile)
	for _, o := range known.objects {
		l.byObject[o] = slices.DeleteFunc(l.byObject[o], func(other *link) bool { return other == known })
		if len(l.byObject[o]) == 0 {
			delete(l.byObject, o)
		}
	}
}

// find returns the profiles of some AWSAccounts that AWS objects concern. What is said of a route table, or of an object
// without a name, may concern them all, and most probably few: these come apart.
func (l *links) find(accounts []string, objects []events.Object) (named, all requests) {
	named, all = requests{}, requests{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range objects {
		if o.Name == events.Any || o.Kind == events.RouteTable {
			for name, known := range l.byProfile {
				if slices.Contains(accounts, known.account) {
					all[ctrl.Request{NamespacedName: name}] = true
				}
			}
			continue
		}
		for _, account := range accounts {
			for _, known := range l.byObject[hashOf(account, o)] {
				named[ctrl.Request{NamespacedName: known.profile}] = true
			}
		}
	}
	for req := range named {
		delete(all, req)
	}
	return named, all
}
