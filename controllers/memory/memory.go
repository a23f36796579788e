// SPDX-License-Identifier: Apache-2.0

// Package memory holds what outlives a pass: per custom resource a Record, per account and Region a Memory, which all kinds
// share. Losing it costs some calls.
package memory

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/memo"
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

	scope awsapi.Scope
	views *memo.Expiring[awsapi.Config, *inventory.View]
}

// idleFor is how long is kept what is remembered of an account that no object uses any more, or not with that role.
const idleFor = 3 * time.Hour

// ViewOf returns the shared view of the account. What is read with one role is not shown to objects that use another.
func (m *Memory) ViewOf(account *accounts.Bound) *inventory.View {
	view := m.views.Update(account.Config, func(view *inventory.View, known bool) *inventory.View {
		if !known {
			view = inventory.NewView(account.Clients, m.now, resource.OwnerTag)
			view.Hear(m.hears)
		}
		return view
	})
	view.Renew(account.Clients)
	return view
}

// Touch has nothing believed any more that was read of the objects before.
func (m *Memory) Touch(objects []events.Object) {
	for _, view := range m.views.Values() {
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

	once  sync.Once
	known *memo.Expiring[awsapi.Scope, *Memory]
}

// all makes the map when it is first asked for, since Now is set after Memories is made.
func (m *Memories) all() *memo.Expiring[awsapi.Scope, *Memory] {
	m.once.Do(func() { m.known = memo.NewExpiring[awsapi.Scope, *Memory](m.Now, idleFor) })
	return m.known
}

// Within lists the memories of an account and Region.
func (m *Memories) Within(config awsapi.Config) []*Memory {
	return slices.DeleteFunc(m.all().Values(), func(memory *Memory) bool { return !accounts.InScope(config, memory.scope) })
}

// Leave gives up what an owner waits for, whichever accounts it uses or has used.
func (m *Memories) Leave(owner string) {
	for _, memory := range m.all().Values() {
		resources.Leave(memory.Shared, owner)
	}
}

// Of returns the memory of an account and Region, and makes it if there is none.
func (m *Memories) Of(scope awsapi.Scope) *Memory {
	return m.all().Update(scope, func(memory *Memory, known bool) *Memory {
		if known {
			return memory
		}
		return m.make(scope)
	})
}

func (m *Memories) make(scope awsapi.Scope) *Memory {
	shared := resources.SharedByAccount(m.Now)
	maps.Copy(shared, m.Process)
	return &Memory{
		Shared: shared, now: m.Now, Changes: NewChanges(m.Now), scope: scope,
		hears: func(source string) bool { return m.Hears != nil && m.Hears(scope, source) },
		views: memo.NewExpiring[awsapi.Config, *inventory.View](m.Now, idleFor),
	}
}
