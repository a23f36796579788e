// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"maps"
	"strings"
)

// maxTags is how many tags AWS allows on an object; those that begin with aws: are not counted.
// Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html (Tag naming limits and requirements)
const maxTags = 50

// tagQuotaProblem finds that an object of AWS's has too many tags of others for ours to find room; nil when they do, or all
// of them are there.
func (p *pass) tagQuotaProblem(it *item) *Problem {
	if !strings.HasPrefix(it.obs.ARN, "arn:") || it.own != ours && it.own != adoptable || p.stopsUs(it.own) {
		return nil
	}
	wanted := allTags(p.opts.Tags, p.opts.Owner, Adopted)
	all := maps.Clone(it.obs.Tags)
	maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	others := len(all)
	for key := range wanted {
		if _, there := all[key]; there {
			others--
		}
	}
	if others+len(wanted) <= maxTags {
		return nil
	}
	return &Problem{Reason: "QuotaExceeded", Path: "tags", Message: fmt.Sprintf(
		"%s has %d tags of others, which are %d together with the %d of spec.tags and the operator's own 2, and AWS allows %d on an object: declare fewer tags, or take others off it",
		it.res.ID(), others, others+len(wanted), len(p.opts.Tags), maxTags)}
}
