// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// Somebody who changes a field back each time that it is repaired, another controller as a rule, is not outlasted by
// repairing it. The field is repaired all the same, or persistence would be a way past the declaration; but the profile
// is not Ready, and says who does it.

const (
	// contestedTimes is how many repairs of one difference make it a contested one, and contestedWithin how long may lie
	// between two of them. It is contested until nothing has happened for as long.
	contestedTimes  = 5
	contestedWithin = time.Hour
)

// countRepair counts an earlier repair of the same difference, and takes it off the list.
func countRepair(repair *v1alpha1.Repair, earlier []v1alpha1.Repair) []v1alpha1.Repair {
	return slices.DeleteFunc(earlier, func(e v1alpha1.Repair) bool {
		same := e.Resource == repair.Resource && e.Path == repair.Path && e.Observed == repair.Observed
		if !same || repair.RepairedTime.Sub(e.RepairedTime.Time) > contestedWithin {
			return false
		}
		repair.Times = max(repair.Times, e.Times+1, 2)
		if repair.ChangedBy == "" {
			repair.ChangedBy = e.ChangedBy
		}
		return true
	})
}

// Contested lists what somebody changes back each time.
func Contested(status *v1alpha1.DeclarationStatus, result *resource.Result, now time.Time) []Finding {
	var list []Finding
	for _, r := range status.Repairs {
		if r.Times < contestedTimes || now.Sub(r.RepairedTime.Time) > contestedWithin {
			continue
		}
		who := "somebody"
		if r.ChangedBy != "" {
			who = canonical.Text(r.ChangedBy, maxActor)
		}
		remedy := "declare what it is to be, or stop who changes it"
		if resource.KindOf(r.Resource) == securitygroup.Kind {
			remedy += "; rules of another controller are left alone by spec.securityGroups[].ignoreRules"
		}
		list = append(list, Finding{
			section: sectionOf(result, r.Resource), reason: v1alpha1.ReasonContested, stalled: true,
			message: fmt.Sprintf("%s %s: %s changes it back each time that it is repaired, %d times so far; %s",
				r.Resource, canonical.Text(r.Path, 120), who, r.Times, remedy),
		})
	}
	return list
}

// sectionOf is the section that speaks for an object, "" for one that is no more.
func sectionOf(result *resource.Result, name string) string {
	for _, o := range result.All() {
		if o.ID.String() == name {
			return o.Section
		}
	}
	return ""
}
