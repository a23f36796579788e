// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/test/tally"
)

// The programs that a storm kills. AWS is never down: that is TestCutOffFromAWS.
const (
	theOperator  = "operator"
	theEtcd      = "etcd"
	theAPIServer = "kube-apiserver"
)

// deck is what is killed, in any order, before it is shuffled again.
var deck = []string{theOperator, theOperator, theEtcd, theAPIServer}

// TestKilledAtRandom kills the operator, etcd and the API server with SIGKILL, at moments and for times that only the
// seed decides, while profiles are created, edited, tampered with in AWS and deleted. In the end AWS holds what an
// undisturbed creation makes, each object once, and nothing is written any more.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	s := startSuite(t, "killed", "-restart")
	// Without leader election, so that a new operator is at work at once and not when the dead one's lease has run out.
	// The hand-over is TestLeaderIsKilled.
	s.operator = s.startOperator(t, withoutLease)
	s.applyAccount(t)
	s.cluster.kubectl(t, "patch", "awsaccount/e2e", "--type=merge", "-p", `{"spec":{"resyncInterval":"10s"}}`)
	if !t.Run("before a creation", s.killedBeforeACreation) {
		t.FailNow() // it may have left no operator
	}
	calm := s.newPlot(t, "calm", "payments", "orders")
	calm.create(t)
	for round := range rounds(t) {
		seed := firstSeed(t) + uint64(round)
		if !t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { s.roundOfKills(t, seed, round, calm) }) {
			t.FailNow() // what it left behind would fail all that follows
		}
	}
	calm.sameAs(t, calm.created)
	calm.delete(t)
	s.nothingLeft(t)
	// An API server that has just started knows no roles yet and forbids everything: the logs say so.
	s.logsHoldNoSecrets(t)
}

const withoutLease = "--leader-elect=false"

func (s *suite) roundOfKills(t *testing.T, seed uint64, round int, calm *plot) {
	t.Logf("FSO_E2E_SEED=%d repeats the schedule of this round", seed)
	plots := []*plot{
		s.newPlot(t, fmt.Sprintf("storm%da", round), "payments", "orders", "doomed"),
		s.newPlot(t, fmt.Sprintf("storm%db", round), "payments", "orders"),
	}
	storm := &storm{suite: s, killed: map[string]int{}}
	person := &person{suite: s, rng: random(seed, 0)}
	storm.rage(t, random(seed, 1), 2, func() error { return person.work(plots) })
	for _, p := range plots {
		p.settle(t)
		p.sameAs(t, calm.created)
	}
	s.eachOnce(t, append(plots, calm)...)
	s.silent(t, append(plots, calm)...)
	if person.tampered == 0 {
		t.Error("nothing was tampered with: this proves little")
	}
	storm.rage(t, random(seed, 2), 1, func() error { return person.deleteAll(plots) })
	for _, p := range plots {
		p.gone(t)
	}
	s.eachOnce(t, calm)
	storm.report(t, seed, person, len(calm.profiles)+5)
}

// random is one of the streams of a seed: each is drawn from in one order, so nothing but the seed decides.
func random(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream)) //nolint:gosec // it is to be repeated, not to be secret
}

// storm kills programs.
type storm struct {
	*suite
	killed map[string]int
	// ended counts operators that ended by themselves, as they do when no API server answers them at their start.
	ended int
}

// rage kills everything in so many decks while work is done, and waits for the end of both; then everything runs again.
func (st *storm) rage(t *testing.T, rng *rand.Rand, decks int, work func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- work() }()
	for range decks {
		cards := slices.Clone(deck)
		rng.Shuffle(len(cards), func(i, j int) { cards[i], cards[j] = cards[j], cards[i] })
		for _, victim := range cards {
			pause, down := upTo(rng, 2500), upTo(rng, 1500)
			st.pass(t, pause)
			st.kill(t, victim, down)
		}
	}
	st.calmDown(t)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// upTo is a random time; the machine's speed has no say in it.
func upTo(rng *rand.Rand, milliseconds int) time.Duration {
	return time.Duration(rng.IntN(milliseconds)) * time.Millisecond
}

// pass lets time pass, and meanwhile starts an operator that has ended again, as the kubelet does.
func (st *storm) pass(t *testing.T, d time.Duration) {
	for end := time.Now().Add(d); ; time.Sleep(20 * time.Millisecond) {
		if !st.operator.Alive() {
			st.ended++
			st.operator = st.tryOperator(t, withoutLease)
		}
		if time.Now().After(end) {
			return
		}
	}
}

// kill kills a program and starts it again after a while.
func (st *storm) kill(t *testing.T, victim string, down time.Duration) {
	st.killed[victim]++
	if victim == theOperator {
		st.operator.Kill()
		time.Sleep(down)
		st.operator = st.tryOperator(t, withoutLease)
		return
	}
	if err := st.cluster.killPart(victim); err != nil {
		t.Fatal(err)
	}
	st.pass(t, down)
	if err := st.cluster.startPart(victim); err != nil {
		t.Fatal(err)
	}
}

// calmDown waits until Kubernetes answers again and an operator is at work.
func (st *storm) calmDown(t *testing.T) {
	t.Helper()
	until(t, "waiting for Kubernetes to come back", func() error {
		_, err := st.cluster.tryKubectl("", "get", "--raw", "/readyz")
		return err
	}, st.cluster.Process)
	until(t, "waiting for the operator to come back", func() error {
		st.pass(t, 0)
		return statusOf(st.operator.probes+"/readyz", 200)
	}, st.cluster.Process)
}

func (st *storm) report(t *testing.T, seed uint64, p *person, profiles int) {
	for _, victim := range deck {
		if st.killed[victim] == 0 {
			t.Errorf("%s was never killed", victim)
		}
	}
	text := fmt.Sprintf("real processes: seed %d: operator killed %d times, etcd %d, API server %d; %d profiles, %d changes in AWS by hand; converged",
		seed, st.killed[theOperator], st.killed[theEtcd], st.killed[theAPIServer], profiles, p.tampered)
	t.Logf("%s (the operator ended by itself %d times and was started again)", text, st.ended)
	if !t.Failed() {
		tally.Add(text)
	}
}

// rounds is how many storms there are: one, or FSO_E2E_ROUNDS.
func rounds(t *testing.T) int { return int(number(t, "FSO_E2E_ROUNDS", 1)) }

// firstSeed is FSO_E2E_SEED, else any; it is printed.
func firstSeed(t *testing.T) uint64 { return number(t, "FSO_E2E_SEED", anySeed) }

var anySeed = uint64(rand.Uint32())

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := strings.TrimSpace(os.Getenv(variable))
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("%s is no number: %v", variable, err)
	}
	return n
}
