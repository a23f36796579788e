// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// recorded is a call to AWS and the answer to it. Played again it does in another simulated AWS what it did in
// the first, so that a release is frozen with what it left in AWS, to the letter.
type recorded struct {
	Operation string            `json:"operation"`
	Write     bool              `json:"write"`
	Method    string            `json:"method"`
	Target    string            `json:"target"`
	Header    map[string]string `json:"header,omitempty"`
	Body      string            `json:"body,omitempty"`
	Answer    string            `json:"answer,omitempty"`
}

// tape passes calls on to the simulator, and keeps those that succeed.
type tape struct {
	sim   *awssim.Sim
	mu    sync.Mutex
	calls []recorded
}

// ServeHTTP implements http.Handler.
func (tp *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	tp.sim.Handler().ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	calls := tp.sim.Calls()
	if len(calls) == 0 || answer.Code != http.StatusOK {
		return
	}
	last := calls[len(calls)-1]
	tp.calls = append(tp.calls, recorded{
		Operation: last.Action(), Write: last.Write, Method: r.Method, Target: r.URL.RequestURI(), Header: headers(r.Header), Body: string(body), Answer: answer.Body.String(),
	})
}

// writes lists what was written.
func (tp *tape) writes() []string {
	var list []string
	for _, call := range tp.calls {
		if call.Write {
			list = append(list, call.Operation)
		}
	}
	return list
}

// needed are the writing calls, and the reads that tell of ids which a later write, or objects, names.
func (tp *tape) needed(objects string) []recorded {
	var kept []recorded
	told := map[string]bool{}
	for i, call := range tp.calls {
		news := slices.DeleteFunc(newID.FindAllString(call.Answer, -1), func(id string) bool {
			return told[id] || !call.Write && !strings.Contains(objects, id) && !slices.ContainsFunc(tp.calls[i+1:], func(later recorded) bool {
				return later.Write && strings.Contains(later.Target+later.Body, id)
			})
		})
		if !call.Write && len(news) == 0 {
			continue
		}
		kept = append(kept, call)
		for _, id := range news {
			told[id] = true
		}
	}
	return kept
}

// headers are those that say what a request is; who signed it does not matter, but for service and Region.
func headers(all http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range []string{"Content-Type", "X-Amz-Target", "Authorization"} {
		if value := all.Get(name); value != "" {
			kept[name] = value
		}
	}
	kept["Authorization"] = signature.ReplaceAllString(kept["Authorization"], "Signature=0")
	return kept
}

var (
	signature = regexp.MustCompile(`Signature=[0-9a-f]+`)
	// newID is what AWS makes up: ids of EC2, key ids and request ids.
	newID = regexp.MustCompile(`\b[a-z]+-0[0-9a-f]{16}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
)

// player plays calls again. The ids that AWS makes up are others than those that were recorded.
type player struct{ ids map[string]string }

// now puts the new ids in the place of those that were recorded.
func (p *player) now(text string) string {
	return newID.ReplaceAllStringFunc(text, func(id string) string {
		if other, ok := p.ids[id]; ok {
			return other
		}
		return id
	})
}

// play sends a recorded call, and learns the ids in its answer.
func (p *player) play(t *testing.T, sim *awssim.Sim, call recorded) {
	t.Helper()
	r := httptest.NewRequest(call.Method, p.now(call.Target), strings.NewReader(p.now(call.Body)))
	for name, value := range call.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	sim.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s succeeded when it was recorded, and not now: %d %s", call.Operation, w.Code, w.Body)
	}
	p.learn(newID.FindAllString(call.Answer, -1), newID.FindAllString(w.Body.String(), -1))
}

// learn pairs the ids that are new in the recorded answer with those that are new in the answer of now. What is in both
// was there from the beginning.
func (p *player) learn(was, is []string) {
	known := slices.Collect(maps.Values(p.ids))
	was, is = slices.DeleteFunc(was, func(id string) bool { return p.ids[id] != "" || slices.Contains(is, id) }),
		slices.DeleteFunc(is, func(id string) bool { return slices.Contains(known, id) || slices.Contains(was, id) })
	for i := range min(len(was), len(is)) {
		if _, twice := p.ids[was[i]]; !twice {
			p.ids[was[i]] = is[i]
		}
	}
}

func (p *player) playAll(t *testing.T, w *world, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var calls []recorded
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, call := range calls {
		p.play(t, w.sim, call)
		w.clock.Advance(pause)
	}
}
