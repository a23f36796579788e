// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Two installations with the same operator id write the same owner tags, and so take each other's objects for their own.
// A tag beside the owner tag says which of them looks after the object, so that each sees the other at its next read
// (docs/decisions/0025-installation-tag.md). It costs no call: it is written with the owner tag, and read with it.

// InstallationTag says which installation looks after the object, and what it knows of others:
//
//	a             a does
//	b from a      b does since it found the object with a: a's cluster was built anew as b, or there are two
//	a not b       a was still there, and has taken the object back: b leaves it alone
//
// Each is the first group of the UID. An object without it is anybody's with the right owner tag: versions before this tag
// made it, or somebody took it off.
const InstallationTag = "fargatesecurity.io/installation"

// ReasonOperatorIDShared says that another installation with the same operator id looks after the object.
const ReasonOperatorIDShared = "OperatorIDShared"

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

// held is what InstallationTag says. From is who the object was taken over from, the last one first; not is who is there and
// leaves it alone.
type held struct {
	by        string
	from, not []string
}

func heldOf(tags map[string]string) held {
	var h held
	list := &h.from
	for i, word := range strings.Fields(tags[InstallationTag]) {
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

func (i Installation) me() string { return short(i.UID) }

// gone tells that an installation is no more.
func (i Installation) gone(uid string) bool {
	return slices.ContainsFunc(i.Former, func(former string) bool { return short(former) == uid })
}

// holds tells that nobody else looks after the object: only then it may be deleted.
func (i Installation) holds(tags map[string]string) bool {
	h := heldOf(tags)
	return i.UID == "" || h.by == "" || h.by == i.me() || i.gone(h.by)
}

// turnedAway tells that the one who looks after the object is there, and knows that we are.
func (i Installation) turnedAway(tags map[string]string) bool {
	return !i.holds(tags) && slices.Contains(heldOf(tags).not, i.me())
}

// superseded tells that somebody has taken over from us what we look after.
func (i Installation) superseded(tags map[string]string) bool {
	return !i.holds(tags) && slices.Contains(heldOf(tags).from, i.me())
}

// claim is what the tag of an object of ours is to say; "" to leave it as it is. Who finds somebody else there takes the
// object over, once: the other one may be gone. Who finds that others have taken over from itself is not gone, and takes it
// back for good.
func (i Installation) claim(tags map[string]string) string {
	h := heldOf(tags)
	switch {
	case i.UID == "", h.by == "", h.by == i.me(), i.turnedAway(tags):
		return ""
	case i.superseded(tags):
		at := slices.Index(h.from, i.me())
		return held{by: i.me(), from: h.from[at+1:], not: slices.Concat([]string{h.by}, h.from[:at], h.not)}.String()
	case i.gone(h.by):
		isMe := func(uid string) bool { return uid == i.me() }
		return held{by: i.me(), from: slices.DeleteFunc(h.from, isMe), not: append([]string{h.by}, slices.DeleteFunc(h.not, isMe)...)}.String()
	default:
		return held{by: i.me(), from: append([]string{h.by}, h.from...), not: h.not}.String()
	}
}

// others are those who also want the object, and who may still be there.
func (i Installation) others(tags map[string]string) []string {
	h := heldOf(tags)
	if h.by != i.me() {
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
			id, by, i.me(), InstallationTag, by)}
	case len(others) > 0:
		list := strings.Join(others, ",")
		return &Problem{Warning: true, Reason: ReasonOperatorIDShared, Message: fmt.Sprintf(
			"%s was also written by the installation %s, which has the same operator id as this one, %s, and leaves it alone now (tag %s); "+advice,
			id, list, i.me(), InstallationTag, list)}
	case i.superseded(tags) && !o.Enforce:
		return &Problem{Warning: true, Reason: ReasonOperatorIDShared, Message: fmt.Sprintf(
			"%s is written by the installation %s, which has the same operator id as this one, %s (tag %s); "+advice,
			id, by, i.me(), InstallationTag, by)}
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
		set[InstallationTag] = i.me()
	}
}

// marked has an object that is about to be changed say by whom, if it does not: those that are as declared are left as
// older versions made them.
func (p *pass) marked(it *item, next *step) *step {
	if next == nil || next.verb != "updated" || p.opts.Installation.UID == "" || it.obs.Tags[InstallationTag] != "" || it.marked {
		return next
	}
	tagging := p.tagging(it, nil)
	return &step{tagging.verb, func(ctx context.Context) (bool, error) {
		it.marked = true
		_, err := tagging.do(ctx)
		return p.outcome(ctx, it, Change{}, err) // a refusal is no reason to leave the object as it is
	}}
}
