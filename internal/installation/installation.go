// SPDX-License-Identifier: Apache-2.0

// Package installation tells installations that share an operator id apart, by a tag beside the owner tag.
package installation

import (
	"fmt"
	"slices"
	"strings"
)

// Two installations with the same operator id write the same owner tags, and so take each other's objects for their own.
// A tag beside the owner tag says which of them looks after the object, so that each sees the other at its next read
// (docs/decisions/0025-installation-tag.md). It costs no call: it is written with the owner tag, and read with it.

// Tag says which installation looks after the object, and what it knows of others:
//
//	a             a does
//	b from a      b does since it found the object with a: a's cluster was built anew as b, or there are two
//	a not b       a was still there, and has taken the object back: b leaves it alone
//
// Each is the first group of the UID. An object without it is anybody's with the right owner tag: versions before this tag
// made it, or somebody took it off.
const Tag = "fargatesecurity.io/installation"

const (
	// shortUID is the length of the first group of a UID.
	shortUID = 8
	// maxOthers is how many installations fit after "from" and after "not": a value has 256 characters.
	maxOthers = 11
)

// Installation tells installations that share an operator id apart.
type Installation struct {
	// UID is the same for all operators of a cluster, and for no two clusters; "" tells nobody apart.
	UID string
	// Former are the UIDs of installations that are gone: what they looked after is this one's.
	Former []string
}

func short(uid string) string { return uid[:min(len(uid), shortUID)] }

// held is what Tag says. From is who the object was taken over from, the last one first; not is who is there and
// leaves it alone.
type held struct {
	by        string
	from, not []string
}

func heldOf(tags map[string]string) held {
	var h held
	list := &h.from
	for i, word := range strings.Fields(tags[Tag]) {
		switch {
		case i == 0:
			h.by = short(word)
		case word == "from":
			list = &h.from
		case word == "not":
			list = &h.not
		default:
			*list = append(*list, short(word))
		}
	}
	return h
}

// String is the tag's value.
func (h held) String() string {
	text := h.by
	for _, part := range []struct {
		word string
		list []string
	}{{" from ", h.from}, {" not ", h.not}} {
		if len(part.list) > 0 {
			text += part.word + strings.Join(part.list[:min(len(part.list), maxOthers)], " ")
		}
	}
	return text
}

// Me is what a tag calls this installation.
func (i Installation) Me() string { return short(i.UID) }

// gone tells that an installation is no more.
func (i Installation) gone(uid string) bool {
	return slices.ContainsFunc(i.Former, func(former string) bool { return short(former) == uid })
}

// Holds tells that nobody else looks after the object: only then it may be deleted.
func (i Installation) Holds(tags map[string]string) bool {
	h := heldOf(tags)
	return i.UID == "" || h.by == "" || h.by == i.Me() || i.gone(h.by)
}

// TurnedAway tells that the one who looks after the object is there, and knows that we are.
func (i Installation) TurnedAway(tags map[string]string) bool {
	return !i.Holds(tags) && slices.Contains(heldOf(tags).not, i.Me())
}

// Superseded tells that somebody has taken over from us what we look after.
func (i Installation) Superseded(tags map[string]string) bool {
	return !i.Holds(tags) && slices.Contains(heldOf(tags).from, i.Me())
}

// Claim is what the tag of an object of ours is to say; "" to leave it as it is. Who finds somebody else there takes the
// object over, once: the other one may be gone. Who finds that others have taken over from itself is not gone, and takes it
// back for good.
func (i Installation) Claim(tags map[string]string) string {
	h := heldOf(tags)
	switch {
	case i.UID == "", h.by == "", h.by == i.Me(), i.TurnedAway(tags):
		return ""
	case i.Superseded(tags):
		at := slices.Index(h.from, i.Me())
		return held{by: i.Me(), from: h.from[at+1:], not: slices.Concat([]string{h.by}, h.from[:at], h.not)}.String()
	case i.gone(h.by):
		isMe := func(uid string) bool { return uid == i.Me() }
		return held{by: i.Me(), from: slices.DeleteFunc(h.from, isMe), not: append([]string{h.by}, slices.DeleteFunc(h.not, isMe)...)}.String()
	default:
		return held{by: i.Me(), from: append([]string{h.by}, h.from...), not: h.not}.String()
	}
}

// Others are those who also want the object, and who may still be there.
func (i Installation) Others(tags map[string]string) []string {
	h := heldOf(tags)
	if h.by != i.Me() {
		return nil
	}
	return slices.DeleteFunc(h.not, i.gone)
}

// Mark adds our name to tags that are being written to an object which has nobody's.
func (i Installation) Mark(set, observed map[string]string) {
	if i.UID != "" && observed[Tag] == "" {
		set[Tag] = i.Me()
	}
}

// Shared words that another installation has the same operator id, and whether that stops nothing (warning); "" when none is
// known. enforce: we write.
func (i Installation) Shared(object string, tags map[string]string, enforce bool) (message string, warning bool) {
	by := heldOf(tags).by
	const advice = "give one of the two an --operator-id of its own; if the other one is gone for good, start this operator with --former-installations=%s"
	switch others := i.Others(tags); {
	case i.UID == "":
		return "", false
	case i.TurnedAway(tags):
		return fmt.Sprintf(
			"%s is looked after by the installation %s, which has the same operator id as this one, %s, and took it back (tag %s): nothing is written to it; "+advice,
			object, by, i.Me(), Tag, by), false
	case len(others) > 0:
		list := strings.Join(others, ",")
		return fmt.Sprintf(
			"%s was also written by the installation %s, which has the same operator id as this one, %s, and leaves it alone now (tag %s); "+advice,
			object, list, i.Me(), Tag, list), true
	case i.Superseded(tags) && !enforce:
		return fmt.Sprintf(
			"%s is written by the installation %s, which has the same operator id as this one, %s (tag %s); "+advice,
			object, by, i.Me(), Tag, by), true
	}
	return "", false
}
