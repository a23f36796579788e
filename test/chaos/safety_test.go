// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// misses compares the undisturbed end with what the scenario says of it: that all others end so too is not enough.
func misses(s scenario, h history) []string {
	var got []string
	for _, o := range h.end {
		state := o.Status
		if o.Kind == "key" {
			o.Name = ""
			for _, fact := range o.Facts {
				if word, ok := strings.CutPrefix(fact, "state "); ok {
					state = word
				}
			}
		}
		whose := "of another"
		switch owner := o.Tags[resource.OwnerTag]; {
		case owner == "":
			whose = "of nobody"
		case slices.Contains(h.owners, owner):
			whose = "ours"
		}
		if o.Kind == "alias" || strings.HasPrefix(o.Name, "eks-cluster-sg-") || o.Name == "prod-cluster" || o.Name == "default" {
			continue
		}
		got = append(got, strings.Join(strings.Fields(o.Kind+" "+o.Name+" "+state+" "+whose), " "))
	}
	slices.Sort(got)
	for _, o := range s.mayStay {
		if i := slices.Index(got, o); i >= 0 {
			got = slices.Delete(got, i, i+1)
		}
	}
	want := slices.Sorted(slices.Values(s.end))
	if !slices.Equal(got, want) {
		return []string{fmt.Sprintf("AWS holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))}
	}
	return nil
}

// unsafe looks at AWS after every single write, and says what must never be.
func unsafe(s scenario, h history, end []awssim.Object) []string {
	var wrong []string
	wanted := facts(end, nil)
	maps.DeleteFunc(wanted, func(fact string, _ bool) bool {
		return slices.ContainsFunc(s.lapses, func(words string) bool { return strings.Contains(fact, words) })
	})
	inForce := facts(h.moments[0].objects, wanted)
	for i, now := range h.moments[1:] {
		before := h.moments[i]
		add := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("write %d, %s: ", i+1, now.call.Action())+fmt.Sprintf(format, args...))
		}
		touched(s, h.owners, before.objects, now.objects, add)
		have := facts(now.objects, wanted)
		if !s.deletes {
			for fact := range inForce {
				if !have[fact] {
					add("was in force, is so in the end, and is not now: %s", fact)
				}
			}
		}
		maps.Copy(inForce, have)
		operations(now.objects, add)
		if s.profiles > 1 && now.call.Code == "ResourceInUseException" {
			add("EKS had to refuse it: another operation was under way")
		}
		keysInUse(before.objects, now.objects, add)
	}
	return wrong
}

// facts are all facts of all objects by their names, of those wanted (nil: all).
func facts(objects []awssim.Object, wanted map[string]bool) map[string]bool {
	groups := []string{}
	for _, o := range objects {
		if o.Kind == "group" {
			name := o.Name
			if strings.HasPrefix(name, "eks-cluster-sg-") {
				name = "CLUSTER"
			}
			groups = append(groups, lastPart(o.ARN), name)
		}
	}
	plain := strings.NewReplacer(groups...)
	all := map[string]bool{}
	for _, o := range objects {
		name := o.Name
		if o.Kind == "key" || o.Kind == "alias" || strings.HasPrefix(name, "eks-cluster-sg-") {
			continue // their ids differ, and nothing in them lets anybody in or keeps the pods from running
		}
		for _, fact := range append(slices.Clone(o.Facts), "exists") {
			fact = o.Kind + " " + name + ": " + plain.Replace(fact)
			if strings.Contains(fact, ": key ") || strings.Contains(fact, "arn:aws:kms") {
				continue
			}
			if wanted == nil || wanted[fact] {
				all[fact] = true
			}
		}
	}
	return all
}

func byARN(objects []awssim.Object) map[string]awssim.Object {
	m := map[string]awssim.Object{}
	for _, o := range objects {
		m[o.ARN] = o
	}
	return m
}

// touched: nothing is changed that does not carry our owner tag, and what is made carries it from its first moment.
func touched(s scenario, owners []string, before, now []awssim.Object, add func(string, ...any)) {
	old, current := byARN(before), byARN(now)
	isOurs := func(o awssim.Object) bool { return slices.Contains(owners, o.Tags[resource.OwnerTag]) }
	for arn, o := range current {
		was, existed := old[arn]
		ours := isOurs(o)
		switch {
		case o.Kind == "alias":
			if !strings.HasPrefix(o.Name, alias) {
				add("touched the alias %s", o.Name)
			}
		case !existed && !ours:
			add("made %s %s without our owner tag", o.Kind, o.Name)
		case !existed, isOurs(was), maps.Equal(was.Tags, o.Tags) && slices.Equal(was.Facts, o.Facts):
		case !ours || !slices.Equal(was.Facts, o.Facts):
			add("changed %s %s, which did not carry our owner tag: %q, then %q", o.Kind, o.Name, was.Facts, o.Facts)
		case !slices.Contains(s.takesOver, o.Kind+" "+o.Name) && !slices.Contains(s.takesOver, o.Kind):
			add("took over %s %s", o.Kind, o.Name)
		}
	}
	for arn, o := range old {
		if _, exists := current[arn]; !exists && o.Kind != "alias" && !isOurs(o) {
			add("deleted %s %s, which did not carry our owner tag", o.Kind, o.Name)
		}
	}
}

// operations: never two at once in a cluster.
func operations(now []awssim.Object, add func(string, ...any)) {
	var busy []string
	for _, o := range now {
		if o.Status == "CREATING" || o.Status == "DELETING" {
			busy = append(busy, o.Name+" "+o.Status)
		}
	}
	if len(busy) > 1 {
		add("two profile operations at once: %q", busy)
	}
}

// keysInUse: no key is put on its way out while a log group uses it.
func keysInUse(before, now []awssim.Object, add func(string, ...any)) {
	old := byARN(before)
	for _, key := range now {
		if key.Kind != "key" || !slices.Contains(key.Facts, "state PendingDeletion") || slices.Contains(old[key.ARN].Facts, "state PendingDeletion") {
			continue
		}
		for _, group := range now {
			if group.Kind == "log-group" && slices.Contains(group.Facts, "key "+key.ARN) {
				add("the key %s is to be deleted while log group %s uses it", key.Name, group.Name)
			}
		}
	}
}
