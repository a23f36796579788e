// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// principalPatience is how long a policy is tried whose principal KMS does not know: a role that was just made is not seen
// everywhere for a while (https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, Policy). It is as long as
// terraform-provider-aws goes on (propagationTimeout in internal/service/iam).
const principalPatience = 2 * time.Minute

// forgetAfter is when a refusal that nobody met again is forgotten.
const forgetAfter = time.Hour

// invalidPrincipal is in what KMS says of a principal that it does not know. The code alone is that of any bad policy.
const invalidPrincipal = "invalid principals"

// Principals remembers since when KMS has refused policies for a principal that it does not know. One serves an account; it
// is safe for concurrent use. Losing it costs some patience.
type Principals struct {
	now   func() time.Time
	mu    sync.Mutex
	since map[string]refusal
}

type refusal struct{ first, last time.Time }

// NewPrincipals returns Principals that know of no refusal.
func NewPrincipals(now func() time.Time) *Principals {
	return &Principals{now: now, since: map[string]refusal{}}
}

// patient notes a refusal, and tells that it may still pass.
func (p *Principals) patient(what string) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for other, r := range p.since {
		if now.Sub(r.last) > forgetAfter {
			delete(p.since, other)
		}
	}
	r, known := p.since[what]
	if !known {
		r.first = now
	}
	r.last = now
	p.since[what] = r
	return now.Sub(r.first) < principalPatience
}

// accepted forgets a refusal.
func (p *Principals) accepted(what string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.since, what)
}

// Patient says where to remember that KMS does not know a principal yet. Without it nothing is waited for.
func (r *Resource) Patient(principals *Principals) { r.principals = principals }

// withPolicy turns the refusal of a principal into waiting, for a bounded time: a role that was just made is one that KMS
// does not see yet.
func (r *Resource) withPolicy(what string, err error) error {
	policy := r.alias + " " + canonical.Hash(r.desired.Policy)
	switch {
	case err == nil:
		r.principals.accepted(policy)
		return nil
	case awsapi.Code(err) == "MalformedPolicyDocumentException" && strings.Contains(err.Error(), invalidPrincipal) && r.principals.patient(policy):
		return &resource.Waiting{Reason: ReasonWaitingForPrincipal, Message: fmt.Sprintf(
			"%s: KMS does not know a principal of the key policy; if it was just made, KMS sees it in a while, else correct additionalStatements", r.ID())}
	}
	return r.doing(what, err)
}
