// SPDX-License-Identifier: Apache-2.0

package resource

import "fmt"

// Twin is an object whose name differs from the declared one in case only, where AWS does not tell the two apart: as long
// as it is there, the declared one cannot be made, and reads by the declared name do not show it.
type Twin struct {
	// Name is how it is spelled, ARN is its ARN or, where it has none, its id.
	Name, ARN string
	Tags      map[string]string
}

// twinProblem words whose the twin is, and what to do.
func twinProblem(id ID, twin Twin, owner string) Problem {
	is := fmt.Sprintf("%s cannot be made, since %s has the name %q, and AWS does not tell names apart by case: it", id, twin.ARN, twin.Name)
	switch tag := twin.Tags[OwnerTag]; tag {
	case owner:
		return Problem{Reason: "InvalidSpec", Message: fmt.Sprintf(
			"%s is this profile's own, under a former spelling, and AWS cannot rename it; write the name as %q, or choose another one", is, twin.Name)}
	case "":
		return Problem{Reason: "NotOwned", Message: fmt.Sprintf(
			"%s has no tag %s; choose another name, or write it as %q and set spec.adoptionPolicy to Adopt to take it over", is, OwnerTag, twin.Name)}
	default:
		return Problem{Reason: "OwnedByOther", Message: fmt.Sprintf(
			"%s belongs to %s (tag %s), not to %s; choose another name, or have the other one released first", is, tag, OwnerTag, owner)}
	}
}
