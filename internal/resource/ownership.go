// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"maps"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// The owner tags. They are the memory that survives a lost status: without ours, an object is never changed or
// deleted; with another's, it is never touched.
const (
	// OwnerTag says whose an object is: <operator-id>/<namespace>/<Kind>/<name>, without the kind for the first one.
	OwnerTag = "fargatesecurity.io/owner"
	// OriginTag holds Created or Adopted. An object that does not say Created is never deleted.
	OriginTag = "fargatesecurity.io/origin"
)

// ownership is what an object is to the profile.
type ownership string

const (
	unowned    ownership = "unowned"    // does not exist
	referenced ownership = "referenced" // only used
	ours       ownership = "ours"
	adoptable  ownership = "adoptable" // exists, without an owner tag
	foreign    ownership = "foreign"   // the owner tag names somebody else
)

// ownerOf decides whose an existing object is. An object that status remembers as ours stays ours when its owner tag
// is taken off; a tag that names somebody else always wins, and so does another installation that has our operator id.
func (o Options) ownerOf(res Resource, seen *Observation, prior Prior) ownership {
	if own := ownerOf(res, seen, prior, o.Owner); own != ours || !o.Installation.TurnedAway(seen.Tags) {
		return own
	}
	return foreign
}

// ownerOf goes by the owner tag alone.
func ownerOf(res Resource, o *Observation, prior Prior, owner string) ownership {
	if r, ok := res.(Referencer); ok && r.Referenced() {
		return referenced
	}
	if !o.Exists {
		return unowned
	}
	switch tag := o.Tags[OwnerTag]; {
	case tag == owner:
		return ours
	case tag != "":
		return foreign
	case remembered(prior) && prior.ARN == o.ARN:
		return ours
	default:
		return adoptable
	}
}

// remembered tells that status lists the object as ours.
func remembered(prior Prior) bool {
	return prior.Origin == Created || prior.Origin == Adopted
}

// originOf says how we came to an object of ours. In doubt it is Adopted, which is never deleted.
func originOf(o *Observation, prior Prior) Origin {
	switch {
	case prior.Origin == Adopted:
		return Adopted
	case o.Tags[OriginTag] == string(Created), prior.Origin == Created && prior.ARN == o.ARN:
		return Created
	default:
		return Adopted
	}
}

// deletable tells that an object may be deleted: its own tags must say that we made it, and status must not say
// that we adopted it.
func deletable(o *Observation, prior Prior, owner string) bool {
	return o.Tags[OwnerTag] == owner && originOf(o, prior) == Created
}

// ownerTags are the tags that mark an object as ours.
func ownerTags(owner string, origin Origin) map[string]string {
	return map[string]string{OwnerTag: owner, OriginTag: string(origin)}
}

// allTags joins the declared tags with the owner tags.
func allTags(declared map[string]string, owner string, origin Origin) map[string]string {
	tags := maps.Clone(declared)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, ownerTags(owner, origin))
	return tags
}

// diffTags compares the tags that should be on an object with those that are.
func diffTags(desired, observed map[string]string, former []string) []drift.Difference {
	diffs := drift.Tags(desired, observed, former)
	for i := range diffs {
		if isOwnerTag(drift.TagKey(diffs[i])) {
			diffs[i].Severity, diffs[i].Reason = drift.Medium, "OwnerTagChanged"
		}
	}
	return diffs
}

func isOwnerTag(key string) bool {
	return key == OwnerTag || key == OriginTag || key == InstallationTag
}

// splitTags separates the differences in owner tags from the others.
func splitTags(diffs []drift.Difference) (owner, others []drift.Difference) {
	for _, d := range diffs {
		if isOwnerTag(drift.TagKey(d)) {
			owner = append(owner, d)
		} else {
			others = append(others, d)
		}
	}
	return owner, others
}

// problemOf words why an object that is not ours stops us, and what is to be known of one that is.
func (o Options) problemOf(id ID, own ownership, seen *Observation) *Problem {
	owner := o.Owner
	switch own {
	case ours:
		return o.sharedID(id, seen.Tags)
	case foreign:
		if shared := o.sharedID(id, seen.Tags); shared != nil && (seen.Tags[OwnerTag] == owner || seen.Tags[OwnerTag] == "") {
			return shared
		}
		return &Problem{Reason: "OwnedByOther", Message: fmt.Sprintf(
			"%s belongs to %s (tag %s), not to %s: choose another name, or have the other one released first",
			id, seen.Tags[OwnerTag], OwnerTag, owner)}
	case adoptable:
		caution := ""
		if seen.Caution != "" {
			caution = ", and " + seen.Caution
		}
		return &Problem{Reason: "NotOwned", Message: fmt.Sprintf(
			"%s exists already and has no tag %s%s: choose another name, or set spec.adoptionPolicy to Adopt to take it over",
			id, OwnerTag, caution)}
	default:
		return nil
	}
}
