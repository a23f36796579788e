// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/events"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
)

// TestWhatNobodyUsesIsForgotten: accounts that are no more, and roles that are not used any more, take no memory for ever.
func TestWhatNobodyUsesIsForgotten(t *testing.T) {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	m := &Memories{Now: func() time.Time { return now }}
	a, b := awsapi.Scope{AccountID: "a"}, awsapi.Scope{AccountID: "b"}
	viewOf := func(scope awsapi.Scope, role string) *inventory.View {
		return m.Of(scope).ViewOf(&accounts.Bound{Account: &awsapi.Account{Scope: scope}, Config: awsapi.Config{AccountID: scope.AccountID, RoleARN: role}})
	}
	kept := viewOf(a, "kept")
	viewOf(a, "replaced")
	viewOf(b, "gone")
	for range 5 {
		now = now.Add(idleFor / 2)
		if viewOf(a, "kept") != kept {
			t.Fatal("what is in use was forgotten")
		}
	}
	if views := m.Of(a).views.Len(); views != 1 {
		t.Errorf("%d views are kept of one account, of which one is in use", views)
	}
	if m.known.Len() != 1 {
		t.Errorf("%d accounts are kept, of which one is in use", m.known.Len())
	}
}

// TestWhoseAnEventIs: a queue may get those of other accounts and Regions too. IAM is one for all Regions.
func TestWhoseAnEventIs(t *testing.T) {
	l := &wake.Listener{Config: awsapi.Config{AccountID: "111122223333", Region: "eu-west-1"}}
	for _, c := range []struct {
		account, region, source string
		want                    bool
	}{
		{"111122223333", "eu-west-1", events.SourceEKS, true},
		{"111122223333", "us-east-1", events.SourceIAM, true},
		{"111122223333", "us-east-1", events.SourceEKS, false},
		{"999988887777", "eu-west-1", events.SourceEKS, false},
		{"999988887777", "us-east-1", events.SourceIAM, false},
	} {
		if got := l.Ours(events.Change{Account: c.account, Region: c.region, Source: c.source}); got != c.want {
			t.Errorf("%+v is ours: %t", c, got)
		}
	}
}
