// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/test/tally"
)

// called is a call of the operator: to AWS, or a write to Kubernetes.
type called struct {
	what               string // iam:CreateRole, or kube:PATCH status
	kube, write, paged bool
	session            bool // of STS, which has no state to be read late
}

func awsCall(c awssim.Call) called {
	return called{what: c.Action(), write: c.Write, paged: c.Paged, session: c.Service == "sts"}
}

// kind is what goes wrong at a point.
type kind struct {
	name string
	// kill: the operator is killed at the call, and a new one with an empty memory goes on.
	kill bool
	// fault is what becomes of the call in AWS.
	fault awssim.Fault
	// lags: from the call on, reads show AWS as it was before the pass, for as long as lagging.
	lags bool
	// happens: the scenario's event happens just before the call.
	happens bool
	// befalls tells which calls it can befall; the first of a run has the number 1.
	befalls func(c called, number int) bool
}

// lagging is how long replicas lag behind: three passes.
const lagging = 3 * between

// past is just before the pass.
const past = time.Second

var (
	// A call that was killed after a read has left the same as one that was killed before it.
	killedBefore = kind{name: "killed before", kill: true, fault: awssim.Fault{Kind: awssim.Drop}, befalls: everyCall}
	killedAfter  = kind{name: "killed after", kill: true, fault: awssim.Fault{Kind: awssim.LoseAnswer}, befalls: writes}
	// What was done right before the death is not seen by the next operator either.
	killedUnseen = kind{name: "killed after, unseen", kill: true, fault: awssim.Fault{Kind: awssim.LoseAnswer}, lags: true, befalls: awsWrites}
	happens      = kind{name: "happens", happens: true, befalls: everyCall}

	kills = []kind{killedBefore, killedAfter}
	// An operator's memory dies with it: what a kill leaves is what was written until then. These are the kills that
	// differ in that.
	killsAtWrites = []kind{{name: "killed before", kill: true, fault: awssim.Fault{Kind: awssim.Drop}, befalls: theFirst}, killedAfter}
	// faults are survived by the operator: it goes on with what it remembers.
	faults = []kind{
		killedUnseen,
		{name: "lost", fault: awssim.Fault{Kind: awssim.LoseAnswer}, befalls: writes}, // that of a read is as good as broken
		{name: "broken", fault: awssim.Fault{Kind: awssim.Break}, befalls: everyCall},
		{name: "throttled", fault: awssim.Fault{Kind: awssim.Throttle}, befalls: toAWS},
		{name: "denied", fault: awssim.Fault{Kind: awssim.AccessDenied}, befalls: deniable},
		{name: "stale", fault: awssim.Fault{Kind: awssim.Stale, Age: past}, befalls: reads},
		{name: "lagging", lags: true, befalls: reads},
	}
	expired = kind{name: "expired", fault: awssim.Fault{Kind: awssim.ExpireToken}, befalls: func(c called, _ int) bool { return c.paged }}
)

func everyCall(called, int) bool         { return true }
func theFirst(_ called, number int) bool { return number == 1 }
func writes(c called, _ int) bool        { return c.write }
func awsWrites(c called, _ int) bool     { return c.write && !c.kube }
func toAWS(c called, _ int) bool         { return !c.kube }
func reads(c called, _ int) bool         { return !c.kube && !c.write && !c.session }
func deniable(c called, _ int) bool      { return !c.kube && c.what != "sts:GetCallerIdentity" } // AWS denies it to nobody

// point is one thing that goes wrong at one call; the zero value is nothing.
type point struct {
	kind kind
	call int // its number, from 1
}

// pointsOf lists what can go wrong in a scenario that makes these calls.
func pointsOf(kinds []kind, calls []called) []point {
	var points []point
	for i, c := range calls {
		for _, k := range kinds {
			if k.befalls(c, i+1) {
				points = append(points, point{k, i + 1})
			}
		}
	}
	return points
}

// name is that of the point's test.
func (p point) name(calls []called) string {
	return strings.ReplaceAll(fmt.Sprintf("%s-%d-%s", p.kind.name, p.call, calls[p.call-1].what), " ", "-")
}

// share is how many points there are for each one that is run: CHAOS_SHARE is a number, or all. Without it, one in
// defaultShare is run: the same ones each time, spread over all scenarios, kinds and calls.
var share = sync.OnceValue(func() uint32 {
	switch text := os.Getenv("CHAOS_SHARE"); text {
	case "":
		return defaultShare
	case "all":
		return 1
	default:
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n == 0 {
			panic("CHAOS_SHARE is " + text + ": want all, or a number from 1")
		}
		return uint32(n)
	}
})

const defaultShare = 5

// chosen tells whether a point is of the share that is run.
func chosen(scenario, point string) bool {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(scenario + "/" + point)) // never fails
	return sum.Sum32()%share() == 0
}

// coverage counts, for the summary.
type coverage struct{ kills, allKills, faults, allFaults int }

func (y *coverage) count(p point, run bool) {
	n := 0
	if run {
		n = 1
	}
	if p.kind.kill {
		y.kills, y.allKills = y.kills+n, y.allKills+1
		return
	}
	y.faults, y.allFaults = y.faults+n, y.allFaults+1
}

func (y *coverage) String() string {
	return fmt.Sprintf("ran %d of %d kills, %d of %d faults", y.kills, y.allKills, y.faults, y.allFaults)
}

var ran struct {
	sync.Mutex
	total coverage
	lines []string
}

// ranPoints notes what was run of a scenario.
func ranPoints(t *testing.T, scenario string, y *coverage) {
	t.Logf("%s: %s", scenario, y)
	ran.Lock()
	defer ran.Unlock()
	ran.lines = append(ran.lines, fmt.Sprintf("crash points: %s: %s", scenario, y))
	ran.total.kills, ran.total.allKills = ran.total.kills+y.kills, ran.total.allKills+y.allKills
	ran.total.faults, ran.total.allFaults = ran.total.faults+y.faults, ran.total.allFaults+y.allFaults
}

// summary says how many points were run, a line for each scenario. It goes to the file CHAOS_TALLY too, since the go
// command hides what a package prints that passes.
func summary() string {
	ran.Lock()
	defer ran.Unlock()
	lines := slices.Sorted(slices.Values(ran.lines))
	total := ran.total
	lines = append(lines, fmt.Sprintf("points: ran %d of %d", total.kills+total.faults, total.allKills+total.allFaults))
	text := strings.Join(lines, "\n")
	tally.Add(text)
	return text + "\n"
}
