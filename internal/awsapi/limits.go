// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

type urgentKey struct{}

// always is the urgency that a context has from the beginning.
var always = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Urgent marks what is done since a person edited something, or something changed in AWS: the calls of such a ctx go
// before those of periodic reads when AWS's rate limits make calls wait.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, always) }

// Raisable returns a context like ctx that is urgent from when raise is called: what is done for a periodic read may turn
// out to be what somebody waits for. Calls that wait already go before periodic ones from then on.
func Raisable(ctx context.Context) (raisable context.Context, raise func()) {
	if IsUrgent(ctx) {
		return ctx, func() {}
	}
	c := make(chan struct{})
	return context.WithValue(ctx, urgentKey{}, c), sync.OnceFunc(func() { close(c) })
}

// raised is closed once ctx is urgent; nil if it never will be.
func raised(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(urgentKey{}).(chan struct{})
	return c
}

// IsUrgent tells that somebody waits for what is done in ctx.
func IsUrgent(ctx context.Context) bool {
	select {
	case <-raised(ctx):
		return true
	default:
		return false
	}
}

// WaitObserver is told how long an attempt of a call waited for its turn: mostly not at all.
type WaitObserver func(service string, urgent bool, waited time.Duration)

// Limit is what is known of how AWS limits the calls of a family in one account and Region.
type Limit struct {
	Family
	// Rate is in calls per second, 0 when AWS has not throttled any.
	Rate float64
	// Urgent and Periodic are how many calls wait now, Throttles how many AWS has throttled.
	Urgent, Periodic, Throttles int
}

// limitKey is what a bucket is for. A stand-in's calls are counted apart from those to AWS.
type limitKey struct {
	partition, account, region, endpoint string
	family                               Family
}

// limits are the buckets by what they are for. They outlive sessions. The zero value is ready to use.
type limits struct {
	mu      sync.Mutex
	buckets map[limitKey]*bucket
}

// of is the bucket of the call that ctx belongs to. The limits of a global service are those of the account in its
// partition.
func (l *limits) of(ctx context.Context, cfg Config) *bucket {
	key := limitKey{
		account: cfg.AccountID, region: cmp.Or(awsmiddleware.GetRegion(ctx), cfg.Region), endpoint: cfg.EndpointURL,
		family: familyOf(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)),
	}
	key.partition = partitionOf(key.region)
	if isGlobal(key.family.Service) {
		key.region = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if l.buckets == nil {
			l.buckets = map[limitKey]*bucket{}
		}
		b = &bucket{}
		l.buckets[key] = b
	}
	return b
}

// partitionOf is the group of Regions that a Region belongs to: accounts of two partitions are two accounts.
// Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html.
func partitionOf(region string) string {
	for _, prefix := range []string{"cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"} {
		if strings.HasPrefix(region, prefix) {
			return prefix
		}
	}
	return "aws"
}

// Limits tells what is known of the rate limits of all accounts, sorted by family. A family appears once for each account
// and Region that it was called in.
func (s *Sessions) Limits() []Limit {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	all := make([]Limit, 0, len(s.limits.buckets))
	for key, b := range s.limits.buckets {
		all = append(all, b.limit(key.family))
	}
	slices.SortFunc(all, func(a, b Limit) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Calls, b.Calls))
	})
	return all
}

func (b *bucket) limit(f Family) Limit {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Limit{Family: f, Rate: b.pace.rate, Urgent: len(b.urgent), Periodic: len(b.periodic), Throttles: b.throttles}
}
