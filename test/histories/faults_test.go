// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// faultKind is what goes wrong with one call, to AWS or to Kubernetes.
type faultKind string

const (
	killBefore  faultKind = "operator killed before it"
	killAfter   faultKind = "operator killed after it"
	drop        faultKind = "connection closed before it"
	loseAnswer  faultKind = "answer lost"
	throttle    faultKind = "throttled"
	broken      faultKind = "server error"
	deny        faultKind = "access denied"
	refuse      faultKind = "refused"
	expireToken faultKind = "page token expired"
	stale       faultKind = "answered as of a while ago"
	// allStale: AWS answers this read and all that follow in the pass from a replica that lags behind.
	allStale faultKind = "all reads from here on answered as of a while ago"
	// heldUp: the operator stands still at the call while another one works. This is how a leader that has lost its
	// lease without noticing goes on, and how two installations meet.
	heldUp faultKind = "held up while another operator works"
)

var faultKinds = []faultKind{killBefore, killAfter, drop, loseAnswer, throttle, broken, deny, refuse, expireToken, stale, allStale}

// lag is how far a replica lags behind: further than the last pass.
const lag = between

// maxCalls is a little more than a pass makes at most.
const maxCalls = 70

type fault struct {
	kind faultKind
	// who works while the call is held up
	install, operator int
	profile           string
	annex             bool // it works on the annex of that name
}

func (f fault) String() string {
	if f.kind == heldUp {
		return fmt.Sprintf("%s: op-%d[%d] on %s", f.kind, f.install+1, f.operator, f.profile)
	}
	return string(f.kind)
}

// ofAWS is the fault as the simulator knows it.
func (f fault) ofAWS() awssim.Fault {
	switch f.kind {
	case killBefore, drop:
		return awssim.Fault{Kind: awssim.Drop}
	case killAfter, loseAnswer:
		return awssim.Fault{Kind: awssim.LoseAnswer}
	case throttle:
		return awssim.Fault{Kind: awssim.Throttle}
	case broken:
		return awssim.Fault{Kind: awssim.Break, Status: 503}
	case deny:
		return awssim.Fault{Kind: awssim.AccessDenied}
	case refuse:
		return awssim.Fault{Kind: awssim.Break, Status: 500}
	case expireToken:
		return awssim.Fault{Kind: awssim.ExpireToken}
	case stale, allStale:
		return awssim.Fault{Kind: awssim.Stale, Age: lag}
	}
	return awssim.Fault{}
}

// meanwhile has another operator work while t is held up.
func (f fault) meanwhile(w *world, t *turn) {
	i := w.installs[f.install]
	switch {
	case i == t.install && f.operator == t.operator:
	case f.annex && i.kube.annex(f.profile) != nil:
		i.annexPass(f.operator, f.profile, nil)
	case !f.annex && i.kube.get(f.profile) != nil:
		i.pass(f.operator, f.profile, nil, false)
	}
}

// drawFaults chooses what goes wrong in one pass: mostly nothing.
func drawFaults(t *rapid.T, installs int) map[int]fault {
	faults := map[int]fault{}
	for range from(t, "faults", []int{0, 0, 1, 1, 2}) {
		at := 1 + pick(t, "call", maxCalls)
		if pick(t, "held up", 4) == 0 {
			faults[at] = fault{
				kind: heldUp, install: pick(t, "installation", installs),
				operator: pick(t, "operator", 2), profile: from(t, "profile", profileNames),
			}
			continue
		}
		faults[at] = fault{kind: from(t, "fault", faultKinds)}
	}
	return faults
}
