// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A rule is one promise of a schema: with bad at a field, the server refuses the object, naming the field and saying
// says; with good there, which is as near to bad as can be, it takes the object.
type rule struct {
	at   string // a field of the full object; below status, of an object's status
	says string // what the message must hold; for a rule in CEL, the whole message
	bad  any
	good any

	field   string // which field the message names, where it is not at
	without string // a field to take away first
	old     any    // where not nil, the field has this value already, and bad and good are updates
	also    string // what a second rule may say of the same value
}

// several are values that are to be treated alike.
type several []any

func each(v any) []any {
	if vs, ok := v.(several); ok {
		return vs
	}
	return []any{v}
}

// What the server itself says when a value breaks a keyword of the schema.
const (
	required = "Required value"
	pattern  = "should match"
	unique   = "Duplicate value"
	enum     = "Unsupported value"
)

func tooLong(limit int) string  { return fmt.Sprintf("Too long: may not be more than %d bytes", limit) }
func tooShort(limit int) string { return fmt.Sprintf("should be at least %d chars long", limit) }
func tooMany(limit int) string  { return fmt.Sprintf("must have at most %d items", limit) }
func tooFew(limit int) string   { return fmt.Sprintf("should have at least %d items", limit) }
func tooSmall(limit int) string { return fmt.Sprintf("should be greater than or equal to %d", limit) }
func tooLarge(limit int) string { return fmt.Sprintf("should be less than or equal to %d", limit) }
func options(all ...string) string {
	return enum + ": %: supported values: " + strings.Join(all, ", ")
}

// rules returns the promises of a kind.
func rules(kind string) []rule {
	if kind == account {
		return accountRules()
	}
	var out []rule
	for _, part := range [][]rule{
		profileRules(), fargateProfileRules(), roleRules(), groupRules(), podGroupRules(), loggingAndKeyRules(), profileStatusRules(),
	} {
		out = append(out, part...)
	}
	return out
}

func TestRules(t *testing.T) {
	for _, kind := range []string{account, profile} {
		for i, r := range rules(kind) {
			name := fmt.Sprintf("%s %s %s", kind, r.at, r.says)
			t.Run(name, func(t *testing.T) {
				if r.bad == nil || r.good == nil {
					t.Fatal("the table has no bad or no good value here")
				}
				try := attempt(t, kind, i, r)
				for _, bad := range each(r.bad) {
					expectRefused(t, r, bad, try(bad))
				}
				for _, good := range each(r.good) {
					if err := try(good); err != nil {
						t.Errorf("%s: %s is refused, but should be taken: %v", r.at, brief(good), err)
					}
				}
			})
		}
	}
}

// attempt returns what asks the server for the object with a value at the rule's field.
func attempt(t *testing.T, kind string, number int, r rule) func(v any) error {
	ctx := context.Background()
	obj := parse(t, full[kind])
	if r.without != "" {
		set(t, obj, r.without, absent{})
	}
	inStatus := strings.HasPrefix(r.at, "status")
	if inStatus || r.old != nil {
		obj.SetName(fmt.Sprintf("rule-%d", number))
		if r.old != nil {
			set(t, obj, r.at, r.old)
		}
		create(t, obj)
	}
	if inStatus {
		obj.Object["status"] = value(t, status[kind])
	}
	return func(v any) error {
		changed := obj.DeepCopy()
		set(t, changed, r.at, v)
		switch {
		case inStatus:
			return kube.Status().Update(ctx, changed, client.DryRunAll)
		case r.old != nil:
			return kube.Update(ctx, changed, client.DryRunAll)
		}
		return kube.Create(ctx, changed, client.DryRunAll)
	}
}

// skipped is what the server adds when a broken schema keeps it from looking at CEL rules.
const skipped = "some validation rules were not checked"

// expectRefused holds err to what the rule says: this cause, at this field, and no other.
func expectRefused(t *testing.T, r rule, bad any, err error) {
	t.Helper()
	field := r.field
	if field == "" {
		field = r.at
	}
	what := fmt.Sprintf("%s: %s", r.at, brief(bad))
	if err == nil {
		t.Errorf("%s is taken, but must be refused: %s", what, r.says)
		return
	}
	found := false
	for _, cause := range causes(err) {
		switch {
		case cause.Field == field && holds(cause.Message, r.says):
			found = true
		case strings.Contains(cause.Message, skipped), r.also != "" && holds(cause.Message, r.also):
		default:
			t.Errorf("%s is refused for something else too: field %q: %s", what, cause.Field, cause.Message)
		}
	}
	if !found {
		t.Errorf("%s must be refused at field %q with %q, but the server says: %v", what, field, r.says, err)
	}
}

func causes(err error) []metav1.StatusCause {
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) || status.ErrStatus.Details == nil {
		return []metav1.StatusCause{{Message: err.Error()}}
	}
	return status.ErrStatus.Details.Causes
}

// holds reports whether message has all parts of want, in order; % stands between the parts.
func holds(message, want string) bool {
	for part := range strings.SplitSeq(want, "%") {
		i := strings.Index(message, part)
		if i < 0 {
			return false
		}
		message = message[i+len(part):]
	}
	return true
}

func brief(v any) string {
	s := fmt.Sprintf("%#v", v)
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}

// The default of fargateProfile.name is metadata.name, so writing the default out, or leaving it to the default again,
// changes nothing and is allowed.
func TestProfileNameDefaultIsTheName(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name     string
		old, new any
		allowed  bool
	}{
		{"written out", absent{}, "named", true},
		{"left out again", "named", absent{}, true},
		{"another name written", absent{}, "other", false},
		{"another name left out", "other", absent{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			obj := parse(t, full[profile])
			obj.SetName("named")
			set(t, obj, "spec.fargateProfile.name", c.old)
			create(t, obj)
			set(t, obj, "spec.fargateProfile.name", c.new)
			err := kube.Update(ctx, obj, client.DryRunAll)
			switch {
			case c.allowed && err != nil:
				t.Errorf("refused: %v", err)
			case !c.allowed:
				expectRefused(t, rule{at: "spec.fargateProfile", says: profileRenamed}, c.new, err)
			}
		})
	}
}

// What no rule makes immutable can be edited.
func TestMutableFields(t *testing.T) {
	type edit struct {
		at string
		to any
	}
	for kind, edits := range map[string][]edit{
		account: {
			{"spec.resyncInterval", "1h"}, {"spec.endpointURL", absent{}}, {"spec.assumeRole", absent{}},
			{"spec.guardrails", absent{}}, {"spec.allowedNamespaces", absent{}},
		},
		profile: {
			{"spec.mode", "Observe"}, {"spec.deletionPolicy", "Retain"}, {"spec.adoptionPolicy", "Adopt"}, {"spec.tags", absent{}},
			{"spec.fargateProfile.selectors", []any{selector(1)}}, {"spec.fargateProfile.subnetIDs", []any{"subnet-0c"}},
			{"spec.podExecutionRole", absent{}}, {"spec.podSecurityGroups", absent{}}, {"spec.securityGroups", absent{}},
			{"spec.logging", absent{}}, {"spec.encryption", absent{}},
		},
	} {
		t.Run(kind, func(t *testing.T) {
			obj := parse(t, full[kind])
			obj.SetName("mutable")
			create(t, obj)
			for _, e := range edits {
				set(t, obj, e.at, e.to)
				if err := kube.Update(context.Background(), obj); err != nil {
					t.Fatalf("%s cannot be changed: %v", e.at, err)
				}
			}
		})
	}
}
