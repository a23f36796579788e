// SPDX-License-Identifier: Apache-2.0

package chaos_test

import (
	"fmt"
	"slices"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// scenarios are all of them.
func scenarios() []scenario {
	var all []scenario
	for _, s := range whole {
		s.kinds = kills
		all = append(all, s)
		switch s.name {
		case "create", "repair", "adopt", "delete":
			faulty, paged := s, s
			faulty.name, faulty.kinds = s.name+" with faults", faults
			paged.name, paged.kinds, paged.pageSize = s.name+" with expired page tokens", []kind{expired}, 1
			all = append(all, faulty, paged)
		}
	}
	return append(append(all, interrupted()...), flapping, several)
}

// interrupted are creations during which the spec is edited, or the profile deleted: at each call, and, at some, with
// the operator killed as well.
func interrupted() []scenario {
	edit := scenario{name: "create, edited meanwhile", begin: (*world).declare, event: func(w *world) { w.edit(edited) }, end: whole[1].end}
	remove := scenario{name: "create, deleted meanwhile", begin: (*world).declare, event: (*world).delete, deletes: true,
		mayStay: []string{"key PendingDeletion ours"}}
	var all []scenario
	for _, s := range []scenario{edit, remove} {
		s.kinds = []kind{happens}
		all = append(all, s)
		for _, at := range interruptedAt {
			killed := s
			killed.name, killed.eventAt = fmt.Sprintf("%s at call %d", s.name, at), at
			killed.kinds = append(slices.Clone(killsAtWrites), killedUnseen)
			all = append(all, killed)
		}
	}
	return all
}

// interruptedAt are calls of a creation: of its first reads, right after it was written down that something is begun,
// among the role's, and while the Fargate profile is made.
var interruptedAt = []int{5, 19, 35, 48, 55}

// flapping: the spec goes from A to B and back, twice, a pass after each, and ends as A.
var flapping = scenario{
	name: "flap", kinds: killsAtWrites, made: true, begin: (*world).toB,
	between: []func(*world){(*world).toA, (*world).toB, (*world).toA}, end: everything,
	// What B does not declare.
	lapses: []string{"retention 90", "inline pull-cache", "payments-extra", "description of ingress tcp 8443-8443 10.0.0.0/16: mesh"},
}

func (w *world) toA() {
	w.edit(func(p *profile) { p.Spec = w.full(p.Name, nil).Spec })
}

func (w *world) toB() {
	w.edit(func(p *profile) { edited(p) })
}

// several profiles of one cluster are created at once.
var several = scenario{
	name: "three profiles", kinds: killsAtWrites, profiles: 3, begin: (*world).declare,
	end: slices.Concat(everything, of("2"), of("3")),
}

// another gives a profile objects of its own.
func another(p *profile, number int) {
	suffix := fmt.Sprint("-", number)
	p.Spec.FargateProfile.Name += suffix
	p.Spec.FargateProfile.Selectors = []v1alpha1.ProfileSelector{{Namespace: "payments" + suffix}}
	for i := range p.Spec.SecurityGroups {
		group := &p.Spec.SecurityGroups[i]
		group.Name += suffix
		for _, rules := range [][]v1alpha1.SecurityGroupRule{group.Ingress, group.Egress} {
			for j := range rules {
				if rules[j].SecurityGroupName != "" {
					rules[j].SecurityGroupName += suffix
				}
			}
		}
	}
	p.Spec.PodSecurityGroups.PodSelector.MatchLabels["tier"] += suffix
	p.Spec.Encryption.KMSKey.Alias += suffix
}

// of lists the objects of another profile.
func of(number string) []string {
	return []string{"role prod-payments-" + number + "-fargate ours", "group payments-pods-" + number + " ours", "group payments-extra-" + number + " ours",
		"key Enabled ours", "log-group " + logGroupName + "-" + number + " ours", "profile prod/payments-" + number + " ACTIVE ours"}
}
