// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// divergence is a way in which moto is not like AWS. The list is kept true in both directions: what differs and is not
// listed fails, and what is listed and does not differ any more fails too. awssim must never diverge.
type divergence struct {
	name string
	// decides is AWS's documentation that says what is right.
	decides string
	// paths match the fields of the created state (testdata/created.txt) that differ by it.
	paths string
	// probe asks the backend; onAWS is the answer that AWS's documentation demands, onMoto the one that moto gives.
	probe         func(p *prober) string
	onAWS, onMoto string
}

// allowFor tells a scenario that it has to leave something out on this backend. It must be listed, and its probe or its
// paths keep the listing true.
func (s *suite) allowFor(name string) bool {
	if !slices.ContainsFunc(divergences, func(d divergence) bool { return d.name == name }) {
		panic("no divergence is listed as " + name)
	}
	return s.backend.name == "moto"
}

// keyByID says the id instead of the ARN to ScheduleKeyDeletion, which moto needs.
func keyByID(c call, body []byte) []byte {
	if c.String() != "kms:ScheduleKeyDeletion" {
		return body
	}
	return keyARN.ReplaceAll(body, []byte(`"KeyId":"$1"`))
}

var keyARN = regexp.MustCompile(`"KeyId":\s*"arn:aws:kms:[a-z0-9-]+:[0-9]+:key/([^"]+)"`)

// createdFile is the state that a full profile must have in AWS: that of AWS's documentation, which awssim follows.
// E2E_UPDATE=1 writes it anew from awssim; look at what changed.
var createdFile = filepath.Join("testdata", "created.txt")

func readCreated(t *testing.T) state {
	t.Helper()
	text, err := os.ReadFile(createdFile)
	if err != nil {
		t.Fatal(err)
	}
	want := state{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		path, value, ok := strings.Cut(line, " = ")
		if !ok {
			t.Fatalf("%s: %q is no path and value", createdFile, line)
		}
		want[path] = value
	}
	return want
}

// checkCreated compares what was created with what AWS would hold, but for the listed divergences.
func (s *suite) checkCreated(t *testing.T, got state) {
	t.Helper()
	if os.Getenv("E2E_UPDATE") != "" && s.backend.name == "awssim" {
		must(os.WriteFile(createdFile, []byte(got.String()), 0o600))
	}
	diff := differences(readCreated(t), got)
	var listed []divergence
	if s.backend.name == "moto" {
		listed = divergences
	}
	for _, d := range listed {
		if d.paths == "" {
			continue
		}
		pattern, found := regexp.MustCompile("^("+d.paths+")$"), false
		for path := range diff {
			if pattern.MatchString(path) {
				found = true
				delete(diff, path)
			}
		}
		if !found {
			t.Errorf("the divergence %q does not show any more: take it off the list", d.name)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(diff)) {
		t.Errorf("%s diverges from AWS in a way that is not listed: %s: %s", s.backend.name, path, diff[path])
	}
}

// checkProbes asks every probe.
func (s *suite) checkProbes(t *testing.T) {
	p := newProber(t, s)
	for _, d := range slices.Concat(divergences, agreements) {
		if d.probe == nil {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			p.t = t
			want := d.onAWS
			if s.backend.name == "moto" && d.onMoto != "" {
				want = d.onMoto
			}
			switch got := d.probe(p); {
			case got == want:
			case got == d.onAWS:
				t.Errorf("the answer is %q, as on AWS: take this divergence off the list", got)
			default:
				t.Errorf("the answer is %q, want %q; AWS's is %q (%s)", got, want, d.onAWS, d.decides)
			}
		})
	}
}
