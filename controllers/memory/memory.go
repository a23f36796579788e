// SPDX-License-Identifier: Apache-2.0

// Package memory holds what outlives a pass: per custom resource a Record, per account and Region a Memory, which all kinds
// share. Losing it costs some calls.
package memory

import (
	"maps"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
)

// Memory is what outlives a pass, per account and Region; losing it costs some calls.
type Memory struct {
	// Shared is what the Resources of a kind share, by its name: awsobject.Env.Shared.
	Shared map[string]any
	now    func() time.Time

	// Changes are who changed what lately, hears tells whether events tell of changes in a service.
	Changes *Changes
	hears   func(source string) bool

	mu    sync.Mutex
	views map[awsapi.Config]*inventory.View
	used  map[awsapi.Config]time.Time // when each view was last asked for
	last  time.Time                   // when any was; guarded by Memories.mu
}

// idleFor is how long is kept what is remembered of an account that no object uses any more, or not with that role.
const idleFor = 3 * time.Hour

// ViewOf returns the shared view of the account. What is read with one role is not shown to objects that use another.
func (m *Memory) ViewOf(account *accounts.Bound) *inventory.View {
	m.mu.Lock()
	defer m.mu.Unlock()
	view := m.views[account.Config]
	if view == nil {
		view = inventory.NewView(account.Clients, m.now, resource.OwnerTag)
		view.Hear(m.hears)
		if m.views == nil {
			m.views, m.used = map[awsapi.Config]*inventory.View{}, map[awsapi.Config]time.Time{}
		}
		m.views[account.Config] = view
	}
	m.used[account.Config] = m.now()
	for config, at := range m.used {
		if m.now().Sub(at) > idleFor {
			delete(m.used, config)
			delete(m.views, config)
		}
	}
	view.Renew(account.Clients)
	return view
}

// Touch has nothing believed any more that was read of the objects before.
func (m *Memory) Touch(objects []events.Object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, view := range m.views {
		view.Touch(objects...)
	}
	for _, o := range objects {
		resources.Touch(m.Shared, o)
	}
}

// Memories hands out one memory per account and Region.
type Memories struct {
	Now func() time.Time
	// Hears tells whether events tell of changes in a service of an account and Region.
	Hears func(scope awsapi.Scope, source string) bool
	// Process is what the Resources of all accounts share, by the name of their kind.
	Process map[string]any

	mu      sync.Mutex
	known   map[awsapi.Scope]*Memory
	checkAt time.Time // when the next idle ones are looked for
}

// Within lists the memories of an account and Region.
func (m *Memories) Within(config awsapi.Config) []*Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*Memory
	for scope, memory := range m.known {
		if accounts.InScope(config, scope) {
			list = append(list, memory)
		}
	}
	return list
}

// Leave gives up what an owner waits for, whichever accounts it uses or has used.
func (m *Memories) Leave(owner string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, memory := range m.known {
		resources.Leave(memory.Shared, owner)
	}
}

// Of returns the memory of an account and Region, and makes it if there is none.
func (m *Memories) Of(scope awsapi.Scope) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[awsapi.Scope]*Memory{}
	}
	now := m.Now()
	if now.After(m.checkAt) {
		maps.DeleteFunc(m.known, func(_ awsapi.Scope, known *Memory) bool { return now.Sub(known.last) > idleFor })
		m.checkAt = now.Add(idleFor)
	}
	if m.known[scope] == nil {
		shared := resources.SharedByAccount(m.Now)
		maps.Copy(shared, m.Process)
		m.known[scope] = &Memory{
			Shared: shared, now: m.Now, Changes: &Changes{Now: m.Now},
			hears: func(source string) bool { return m.Hears != nil && m.Hears(scope, source) },
		}
	}
	m.known[scope].last = now
	return m.known[scope]
}
