// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"strings"
	"testing"
)

func TestTwinIsNamedAndWhoseItIs(t *testing.T) {
	for owner, c := range map[string]struct{ reason, says string }{
		"":      {"NotOwned", `write it as "Pods" and set spec.adoptionPolicy to Adopt`},
		"other": {"OwnedByOther", "belongs to other (tag fargatesecurity.io/owner), not to me"},
		"me":    {"InvalidSpec", `write the name as "Pods"`},
	} {
		twin := Twin{Name: "Pods", ARN: "arn:aws:iam::1:role/Pods", Tags: map[string]string{}}
		if owner != "" {
			twin.Tags[OwnerTag] = owner
		}
		p := twinProblem(ID{"IAMRole", "pods"}, twin, "me")
		if p.Reason != c.reason || !strings.Contains(p.Message, c.says) || !strings.Contains(p.Message, twin.ARN) || p.Path != "" {
			t.Errorf("owner %q: %+v", owner, p)
		}
	}
}

func TestTagsAreCountedTogether(t *testing.T) {
	p := &pass{opts: Options{Owner: "me", Enforce: true, Adopt: true, Tags: map[string]string{"team": "a", "env": "b"}}}
	for name, c := range map[string]struct {
		others, ours, aws int // tags of others, of spec.tags that are there already, and AWS's own
		arn               string
		own               ownership
		full              bool
	}{
		"46 fit":                          {46, 0, 0, "arn:x", adoptable, false},
		"47 do not":                       {47, 0, 0, "arn:x", adoptable, true},
		"one of ours is there":            {46, 1, 0, "arn:x", ours, false},
		"AWS's own are not counted":       {46, 0, 9, "arn:x", ours, false},
		"one that is ours, and too many":  {47, 2, 0, "arn:x", ours, true},
		"not AWS's":                       {60, 0, 0, "ns/name", ours, false},
		"somebody else's, which stays so": {60, 0, 0, "arn:x", foreign, false},
	} {
		tags := map[string]string{}
		for i := range c.others {
			tags[fmt.Sprint("t", i)] = ""
		}
		for i := range c.aws {
			tags[fmt.Sprint("aws:", i)] = ""
		}
		for _, key := range []string{"team", "env"}[:c.ours] {
			tags[key] = "another value"
		}
		problem := p.tagQuotaProblem(&item{res: named("a"), own: c.own, obs: &Observation{Exists: true, ARN: c.arn, Tags: tags}})
		if (problem != nil) != c.full || c.full && (problem.Path != "tags" || !strings.Contains(problem.Message, "47 tags of others, which are 51 together")) {
			t.Errorf("%s: %+v", name, problem)
		}
	}
	p.opts.Adopt = false
	if p.tagQuotaProblem(&item{res: named("a"), own: adoptable, obs: &Observation{ARN: "arn:x", Tags: map[string]string{}}}) != nil {
		t.Error("what is not taken over is counted")
	}
}

// thing is a Resource with a name and nothing else.
type thing struct {
	Resource
	name string
}

func (t thing) ID() ID { return ID{"Thing", t.name} }

func named(name string) Resource { return thing{name: name} }
