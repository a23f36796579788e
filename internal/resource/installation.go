// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"slices"
	"strings"
)

// Two installations with the same operator id write the same owner tags, and so take each other's objects for their own.
// A tag beside the owner tag says which of them looks after the object, so that each sees the other at its next read
// (docs/decisions/0025-installation-tag.md). It costs no call: it is written with the owner tag, and read with it.

// InstallationTag holds the UID of the installation that looks after the object, and what it knows of others:
//
//	a             a does
//	b from a      b does since it found the object with a: a's cluster was built anew as b, or there are two
//	a not b       a was still there, and has taken the object back: b leaves it alone
//
// An object without it is anybody's with the right owner tag: versions before this tag made it, or somebody took it off.
const InstallationTag = "fargatesecurity.io/installation"

// ReasonOperatorIDShared: another installation with the same operator id looks after the object.
const ReasonOperatorIDShared = "OperatorIDShared"

const (
	// maxUID is the length of a UID. What is longer was put there by somebody else, and is cut.
	maxUID = 36
	// maxNot is how many installations a tag can name that leave an object alone: a value has 256 characters.
	maxNot = 4
)

// Installation tells installations that share an operator id apart.
type Installation struct {
	// UID is the same for all operators of a cluster, and for no two clusters; "" tells nobody apart.
	UID string
	// Former are the UIDs of installations that are gone: what they looked after is this one's.
	Former []string
}

// held is what InstallationTag says.
type held struct {
	by, from string
	not      []string
}

func heldOf(tags map[string]string) held {
	var h held
	word := ""
	for i, field := range strings.Fields(tags[InstallationTag]) {
		uid := field[:min(len(field), maxUID)]
		switch {
		case i == 0:
			h.by = uid
		case field == "from", field == "not":
			word = field
		case word == "from":
			h.from = uid
		case word == "not":
			h.not = append(h.not, uid)
		}
	}
	return h
}

// String is the tag's value.
func (h held) String() string {
	text := h.by
	if h.from != "" {
		text += " from " + h.from
	}
	if len(h.not) > 0 {
		text += " not " + strings.Join(h.not[:min(len(h.not), maxNot)], " ")
	}
	return text
}

// gone tells that an installation is no more.
func (i Installation) gone(uid string) bool { return slices.Contains(i.Former, uid) }

// holds tells that nobody else looks after the object: only then it may be deleted.
func (i Installation) holds(tags map[string]string) bool {
	h := heldOf(tags)
	return i.UID == "" || h.by == "" || h.by == i.UID || i.gone(h.by)
}

// turnedAway tells that the one who looks after the object is there, and knows that we are.
func (i Installation) turnedAway(tags map[string]string) bool {
	h := heldOf(tags)
	return !i.holds(tags) && slices.Contains(h.not, i.UID)
}

// superseded tells that somebody has taken from us what we look after.
func (i Installation) superseded(tags map[string]string) bool {
	return !i.holds(tags) && heldOf(tags).from == i.UID
}

// claim is what the tag of an object of ours is to say; "" to leave it as it is. Who finds somebody else there takes the
// object over, once: the other one may be gone. Who finds that somebody has taken over from itself is not gone, and
// takes it back for good.
func (i Installation) claim(tags map[string]string) string {
	h := heldOf(tags)
	switch {
	case i.UID == "", h.by == "", h.by == i.UID, i.turnedAway(tags):
		return ""
	case i.gone(h.by), i.superseded(tags):
		others := slices.DeleteFunc(h.not, func(uid string) bool { return uid == i.UID || uid == h.by })
		return held{by: i.UID, not: append([]string{h.by}, others...)}.String()
	default:
		return held{by: i.UID, from: h.by, not: h.not}.String()
	}
}

// others are those who also want the object, and who may still be there.
func (i Installation) others(tags map[string]string) []string {
	h := heldOf(tags)
	if h.by != i.UID {
		return nil
	}
	return slices.DeleteFunc(h.not, i.gone)
}

// sharedID words that another installation has the same operator id; nil when none is known.
func (o Options) sharedID(id ID, tags map[string]string) *Problem {
	i, by := o.Installation, heldOf(tags).by
	const advice = "give one of the two an --operator-id of its own; if the other one is gone for good, start this operator with --former-installations=%s"
	switch others := i.others(tags); {
	case i.UID == "":
		return nil
	case i.turnedAway(tags):
		return &Problem{Reason: ReasonOperatorIDShared, Message: fmt.Sprintf(
			"%s is looked after by the installation %s, which has the same operator id as this one, %s, and took it back (tag %s): nothing is written to it; "+advice,
			id, by, i.UID, InstallationTag, by)}
	case len(others) > 0:
		list := strings.Join(others, ",")
		return &Problem{Warning: true, Reason: ReasonOperatorIDShared, Message: fmt.Sprintf(
			"%s was also written by the installation %s, which has the same operator id as this one, %s, and leaves it alone now (tag %s); "+advice,
			id, list, i.UID, InstallationTag, list)}
	case i.superseded(tags) && !o.Enforce:
		return &Problem{Warning: true, Reason: ReasonOperatorIDShared, Message: fmt.Sprintf(
			"%s is written by the installation %s, which has the same operator id as this one, %s (tag %s); "+advice,
			id, by, i.UID, InstallationTag, by)}
	}
	return nil
}

// wantedTags are the tags that an object of ours is to have. The installation's is no matter of mode Observe.
func (p *pass) wantedTags(it *item) map[string]string {
	tags := allTags(p.opts.Tags, p.opts.Owner, it.object.Origin)
	if claim := p.opts.Installation.claim(it.obs.Tags); claim != "" && p.opts.Enforce {
		tags[InstallationTag] = claim
	}
	return tags
}

// newTags are the tags of what is created.
func (o Options) newTags() map[string]string {
	tags := allTags(o.Tags, o.Owner, Created)
	o.Installation.mark(tags, nil)
	return tags
}

// mark adds our name to tags that are being written to an object which has nobody's.
func (i Installation) mark(set, observed map[string]string) {
	if i.UID != "" && observed[InstallationTag] == "" {
		set[InstallationTag] = i.UID
	}
}

// marked has an object that is about to be changed say by whom, if it does not: those that are as declared are left as
// older versions made them.
func (p *pass) marked(it *item, next *step) *step {
	if next == nil || next.verb != "updated" || p.opts.Installation.UID == "" || it.obs.Tags[InstallationTag] != "" {
		return next
	}
	return p.tagging(it, nil)
}
