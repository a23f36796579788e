// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// wanted is what AWS must hold for a profile, worked out from its spec alone and without any of the operator's code:
// what the oracle knows of FargateSecurityProfiles.
type wanted struct {
	spec    *v1alpha1.DeclarationSpec // nil: nothing, the object is gone or being deleted
	status  v1alpha1.DeclarationStatus
	objects map[string]object // by "kind name"
}

// object is one declared object. The facts are those of awssim.Object, with the names of groups in place of their ids.
type object struct {
	facts map[string]bool
	// atLeast: more facts of these kinds may stand beside the declared ones.
	atLeast bool
}

// checked are the kinds of facts that are compared; others are AWS's own affair.
var checked = []string{"attached ", "inline ", "boundary ", "ingress ", "egress ", "description of ", "retention ", "selector ", "subnets "}

func wantedBy(p *profile) wanted {
	if p == nil || !p.DeletionTimestamp.IsZero() {
		w := wanted{}
		if p != nil {
			w.status = p.Status.DeclarationStatus
		}
		return w
	}
	s := &p.Spec
	w := wanted{spec: &s.DeclarationSpec, status: p.Status.DeclarationStatus, objects: map[string]object{}}
	w.objects["role "+roleName(p)] = wantedRole(p)
	for _, g := range s.SecurityGroups {
		w.objects["group "+g.Name] = wantedGroup(g)
	}
	if s.Logging != nil {
		w.objects["log-group "+logGroupName(p)] = object{facts: set(fmt.Sprintf("retention %d", *s.Logging.LogGroup.RetentionDays))}
	}
	facts := set(fmt.Sprintf("subnets %q", s.FargateProfile.SubnetIDs))
	for _, selector := range s.FargateProfile.Selectors {
		facts["selector {Namespace:"+selector.Namespace+" Labels:map[]}"] = true
	}
	w.objects["profile "+s.ClusterName+"/"+p.Name] = object{facts: facts}
	return w
}

func wantedRole(p *profile) object {
	s := p.Spec.PodExecutionRole
	facts := set("boundary " + s.PermissionsBoundaryARN)
	arns := []string{executionPolicy}
	if s.ManagedPolicyARNs != nil {
		arns = *s.ManagedPolicyARNs
	}
	for _, arn := range arns {
		facts["attached "+arn] = true
	}
	for _, policy := range s.InlinePolicies {
		facts["inline "+policy.Name+" "+normal(policy.Document)] = true
	}
	if p.Spec.Logging != nil {
		facts["inline fargate-logging"] = true
	}
	return object{facts: facts, atLeast: s.UnlistedPolicies == v1alpha1.UnlistedReport}
}

func wantedGroup(g v1alpha1.SecurityGroupSpec) object {
	o := object{facts: map[string]bool{}, atLeast: g.UnlistedRules == v1alpha1.UnlistedReport}
	for direction, rules := range map[string][]v1alpha1.SecurityGroupRule{"ingress": g.Ingress, "egress": g.Egress} {
		for _, rule := range rules {
			text := fmt.Sprintf("%s %s %d-%d %s", direction, rule.Protocol, *rule.FromPort, *rule.ToPort, rule.CIDR+rule.SecurityGroupName)
			o.facts[text] = true
			if rule.Description != "" {
				o.facts["description of "+text+": "+rule.Description] = true
			}
		}
	}
	return o
}

func roleName(p *profile) string {
	if name := p.Spec.PodExecutionRole.Name; name != "" {
		return name
	}
	return p.Spec.ClusterName + "-" + p.Name + "-fargate"
}

func logGroupName(p *profile) string {
	if name := p.Spec.Logging.LogGroup.Name; name != "" {
		return name
	}
	return "/aws/eks/" + p.Spec.ClusterName + "/fargate/" + p.Name
}

func set(facts ...string) map[string]bool {
	m := map[string]bool{}
	for _, fact := range facts {
		m[fact] = true
	}
	return m
}

// normal is a JSON document without its spelling.
func normal(document string) string {
	var v any
	if json.Unmarshal([]byte(document), &v) != nil {
		return document
	}
	text, err := json.Marshal(v)
	must(err)
	return string(text)
}

// plain are the facts of an observed object in the words of wanted.
func plain(o awssim.Object, names *strings.Replacer) map[string]bool {
	facts := map[string]bool{}
	for _, fact := range o.Facts {
		if !slices.ContainsFunc(checked, func(kind string) bool { return strings.HasPrefix(fact, kind) }) {
			continue
		}
		switch {
		case strings.HasPrefix(fact, "inline fargate-logging "):
			fact = "inline fargate-logging"
		case strings.HasPrefix(fact, "inline "):
			parts := strings.SplitN(fact, " ", 3)
			fact = parts[0] + " " + parts[1] + " " + normal(parts[2])
		}
		facts[names.Replace(fact)] = true
	}
	return facts
}

// groupsByName puts the names of groups where their ids are.
func groupsByName(objects []awssim.Object) *strings.Replacer {
	var pairs []string
	for _, o := range objects {
		if o.Kind == "group" {
			pairs = append(pairs, lastPart(o.ARN), o.Name)
		}
	}
	return strings.NewReplacer(pairs...)
}

func lastPart(s string) string { return s[strings.LastIndex(s, "/")+1:] }

func id(o awssim.Object) string { return o.Kind + " " + o.Name }

func byARN(objects []awssim.Object) map[string]awssim.Object {
	m := map[string]awssim.Object{}
	for _, o := range objects {
		m[o.ARN] = o
	}
	return m
}

func pending(key awssim.Object) bool { return slices.Contains(key.Facts, "state PendingDeletion") }

// check says what one write of a pass did that must never be done.
func (t *turn) check(before, now []awssim.Object) []string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if spec := t.wanted.spec; spec != nil && spec.Mode != v1alpha1.ModeEnforce {
		add("written in mode %s", spec.Mode)
	}
	t.checkOwners(before, now, add)
	t.checkFacts(before, now, add)
	checkOperations(now, add)
	checkKeys(before, now, add)
	return wrong
}

// checkOwners: nothing is changed or deleted that does not carry our owner tag, and what is made carries it from its
// first moment.
func (t *turn) checkOwners(before, now []awssim.Object, add func(string, ...any)) {
	old, current := byARN(before), byARN(now)
	for arn, o := range current {
		was, existed := old[arn]
		tag := was.Tags[resource.OwnerTag]
		changed := !maps.Equal(was.Tags, o.Tags) || !slices.Equal(was.Facts, o.Facts)
		switch {
		case o.Kind == "alias":
			if changed && !t.owns(old, was) && !t.owns(current, o) {
				add("changed %s, which leads to no key of ours", id(o))
			}
		case !existed:
			if o.Tags[resource.OwnerTag] != t.owner {
				add("made %s without our owner tag", id(o))
			}
		case !changed || tag == t.owner:
		case tag == "" && t.misled && t.install.w.tagged[arn] == t.owner:
			// It was ours a moment ago, and that is what AWS still said.
		case tag != "" && !t.heldUp:
			add("changed %s, which belongs to %s", id(o), tag)
		case o.Kind == "key" && pending(was) && t.mayTakeOver(arn):
			// KMS tags no key that is on its way out, so that is called off first.
		case !slices.Equal(was.Facts, o.Facts):
			add("changed %s, which did not carry our owner tag", id(o))
		case !t.mayTakeOver(arn):
			add("took over %s", id(o))
		}
	}
	for arn, o := range old {
		_, exists := current[arn]
		if !exists && o.Kind != "alias" && o.Tags[resource.OwnerTag] != t.owner {
			add("deleted %s, which did not carry our owner tag", id(o))
		}
		if !exists && o.Kind == "alias" && !t.owns(old, o) {
			add("deleted %s, which leads to no key of ours", id(o))
		}
	}
}

// owns tells whether an alias leads to a key of the profile's.
func (t *turn) owns(objects map[string]awssim.Object, alias awssim.Object) bool {
	for _, o := range objects {
		if o.Kind == "key" && slices.Contains(alias.Facts, "target "+o.Name) {
			return o.Tags[resource.OwnerTag] == t.owner
		}
	}
	return false
}

// mayTakeOver: by choice, or what status remembers.
func (t *turn) mayTakeOver(arn string) bool {
	if t.wanted.spec != nil && t.wanted.spec.AdoptionPolicy == v1alpha1.AdoptionPolicyAdopt {
		return true
	}
	return slices.ContainsFunc(t.wanted.status.Resources, func(r v1alpha1.ResourceStatus) bool { return r.ARN == arn })
}

// checkFacts: what is declared and in force stays in force at every moment, and nothing is let in or allowed that is
// not declared.
func (t *turn) checkFacts(before, now []awssim.Object, add func(string, ...any)) {
	old, current := byARN(before), byARN(now)
	names := groupsByName(before)
	for arn, was := range old {
		want := t.wanted.objects[id(was)]
		if was.Tags[resource.OwnerTag] != t.owner {
			continue
		}
		have := plain(current[arn], names)
		for fact := range plain(was, names) {
			if want.facts[fact] && !have[fact] && !strings.HasPrefix(fact, "boundary ") {
				add("%s: was in force, is declared, and is not in force now: %s", id(was), fact)
			}
		}
	}
	names = groupsByName(now)
	for arn, o := range current {
		want, had := t.wanted.objects[id(o)], plain(old[arn], names)
		for fact := range plain(o, names) {
			if grants(fact) && !had[fact] && !want.facts[fact] {
				add("%s: granted what is not declared: %s", id(o), fact)
			}
		}
	}
}

// grants tells that a fact lets somebody in, or lets the role do something.
func grants(fact string) bool {
	return strings.HasPrefix(fact, "ingress ") || strings.HasPrefix(fact, "attached ") || strings.HasPrefix(fact, "inline ")
}

// checkOperations: never two profile operations at once in a cluster.
func checkOperations(now []awssim.Object, add func(string, ...any)) {
	busy := map[string][]string{}
	for _, o := range now {
		if o.Status == "CREATING" || o.Status == "DELETING" {
			cluster, name, _ := strings.Cut(o.Name, "/")
			busy[cluster] = append(busy[cluster], name)
		}
	}
	for cluster, names := range busy {
		if len(names) > 1 {
			add("profile operations at once in %s: %q", cluster, names)
		}
	}
}

// checkKeys: no key is put on its way out while a log group uses it.
func checkKeys(before, now []awssim.Object, add func(string, ...any)) {
	old := byARN(before)
	for _, key := range now {
		if key.Kind != "key" || !pending(key) || pending(old[key.ARN]) {
			continue
		}
		for _, group := range now {
			if group.Kind == "log-group" && slices.Contains(group.Facts, "key "+key.ARN) {
				add("the key %s is to be deleted while log group %s uses it", key.Name, group.Name)
			}
		}
	}
}
