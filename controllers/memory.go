// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"maps"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// memory is what outlives a pass, per account and Region; losing it costs some calls.
type memory struct {
	// shared is what the Resources of a kind share, by its name: awsobject.Env.Shared.
	shared map[string]any
	now    func() time.Time

	// actors are who changed what lately, hears tells whether events tell of changes in a service.
	actors *actors
	hears  func(source string) bool

	mu    sync.Mutex
	views map[awsapi.Config]*inventory.View
	used  map[awsapi.Config]time.Time // when each view was last asked for
	last  time.Time                   // when any was; guarded by memories.mu
}

// idleFor is how long is kept what is remembered of an account that no object uses any more, or not with that role.
const idleFor = 3 * time.Hour

// viewOf returns the shared view of the account. What is read with one role is not shown to objects that use another.
func (m *memory) viewOf(account *boundAccount) *inventory.View {
	m.mu.Lock()
	defer m.mu.Unlock()
	view := m.views[account.config]
	if view == nil {
		view = inventory.NewView(account.Clients, m.now, resource.OwnerTag)
		view.Hear(m.hears)
		if m.views == nil {
			m.views, m.used = map[awsapi.Config]*inventory.View{}, map[awsapi.Config]time.Time{}
		}
		m.views[account.config] = view
	}
	m.used[account.config] = m.now()
	for config, at := range m.used {
		if m.now().Sub(at) > idleFor {
			delete(m.used, config)
			delete(m.views, config)
		}
	}
	view.Renew(account.Clients)
	return view
}

// touch has nothing believed any more that was read of the objects before.
func (m *memory) touch(objects []events.Object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, view := range m.views {
		view.Touch(objects...)
	}
	for _, o := range objects {
		resources.Touch(m.shared, o)
	}
}

// memories hands out one memory per account and Region.
type memories struct {
	now func() time.Time
	// hears tells whether events tell of changes in a service of an account and Region.
	hears func(scope awsapi.Scope, source string) bool
	// process is what the Resources of all accounts share, by the name of their kind.
	process map[string]any

	mu      sync.Mutex
	known   map[awsapi.Scope]*memory
	checkAt time.Time // when the next idle ones are looked for
}

// within lists the memories of an account and Region.
func (m *memories) within(config awsapi.Config) []*memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*memory
	for scope, memory := range m.known {
		if inScope(config, scope) {
			list = append(list, memory)
		}
	}
	return list
}

// leave gives up what an owner waits for, whichever accounts it uses or has used.
func (m *memories) leave(owner string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, memory := range m.known {
		resources.Leave(memory.shared, owner)
	}
}

func (m *memories) of(scope awsapi.Scope) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[awsapi.Scope]*memory{}
	}
	now := m.now()
	if now.After(m.checkAt) {
		maps.DeleteFunc(m.known, func(_ awsapi.Scope, known *memory) bool { return now.Sub(known.last) > idleFor })
		m.checkAt = now.Add(idleFor)
	}
	if m.known[scope] == nil {
		shared := resources.SharedByAccount(m.now)
		maps.Copy(shared, m.process)
		m.known[scope] = &memory{
			shared: shared, now: m.now, actors: &actors{now: m.now},
			hears: func(source string) bool { return m.hears != nil && m.hears(scope, source) },
		}
	}
	m.known[scope].last = now
	return m.known[scope]
}
