// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
)

// fargateImport finds Fargate profiles and what is linked to them. It begins with all that can be declared of each, has the
// operator's own Resources look at that in Observe, and takes back what they find to differ, until nothing does.
type fargateImport struct {
	*declaration.Importing
	roleUses map[string]int    // how many Fargate profiles use a role, by its ARN
	taken    map[string]string // which object declares a thing, by kind and name: two cannot
	policies []observed.PodSecurityGroups
	policied map[string]bool // by namespace/name: a profile was found for the policy
	unread   bool            // the policies could not be read
}

// clusterProfile is a Fargate profile of a cluster.
type clusterProfile struct {
	cluster string
	observed.FargateProfile
}

func importFargate(ctx context.Context, in *declaration.Importing) {
	f := &fargateImport{Importing: in, roleUses: map[string]int{}, taken: map[string]string{}, policied: map[string]bool{}}
	var found []clusterProfile
	for _, cluster := range in.Clusters {
		in.Progress("the Fargate profiles of cluster " + cluster)
		profiles, err := fargateprofile.All(ctx, f.envOf(cluster).EKS, cluster)
		if err != nil {
			in.Missed("Fargate profiles of cluster "+cluster, err)
		}
		for _, p := range profiles {
			f.roleUses[p.RoleARN]++
			found = append(found, clusterProfile{cluster, p})
		}
	}
	f.readPolicies(ctx)
	for _, p := range found {
		if in.Wanted(p.Name) {
			in.Progress("Fargate profile " + p.Name + " of cluster " + p.cluster)
			f.profile(ctx, p)
		}
	}
	f.unclaimedPolicies(len(found) > 0)
}

// envOf is what Resources of a cluster are made from.
func (f *fargateImport) envOf(cluster string) *declaration.Env {
	return f.Env(&v1alpha1.FargateSecurityProfile{Spec: v1alpha1.FargateSecurityProfileSpec{ClusterName: cluster}})
}

func (f *fargateImport) readPolicies(ctx context.Context) {
	if !slices.Contains(f.Clusters, f.Workload) {
		return
	}
	all, err := podsecuritygroups.PoliciesOf(f.envOf(f.Workload).Env).All(ctx)
	if err != nil {
		f.Missed("SecurityGroupPolicies of cluster "+f.Workload, err)
	}
	f.policies, f.unread = all, err != nil
}

// unclaimedPolicies tells of those that select pods of no profile.
func (f *fargateImport) unclaimedPolicies(any bool) {
	for _, policy := range f.policies {
		if name := policy.Namespace + "/" + policy.Name; any && !f.policied[name] {
			f.Emit(declaration.Imported{Title: "SecurityGroupPolicy " + name + " of cluster " + f.Workload, Notes: []string{
				"No imported Fargate profile takes pods of its namespace, so that it and its security groups are not declared."}})
		}
	}
}

// draft is a declaration that is being found.
type draft struct {
	*fargateImport
	found  clusterProfile
	object *v1alpha1.FargateSecurityProfile
	env    *declaration.Env
	notes  []string
	// groups are the security groups that the spec has now, clusterGroup the id of the cluster's own.
	groups       []observed.SecurityGroup
	clusterGroup string
	keyARN       string
}

func (d *draft) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(d.notes, text) {
		d.notes = append(d.notes, text)
	}
}

func (d *draft) spec() *v1alpha1.FargateSecurityProfileSpec { return &d.object.Spec }

// take tells whether a thing is still to be had, and has it. Two objects cannot own one.
func (d *draft) take(thing string) bool {
	if other, there := d.taken[thing]; there {
		d.note("%s is declared by %s already, and two objects cannot own one: it is left out here.", thing, other)
		return false
	}
	d.taken[thing] = "FargateSecurityProfile " + d.object.Name
	return true
}

func (f *fargateImport) profile(ctx context.Context, p clusterProfile) {
	if owner := p.Tags[resource.OwnerTag]; owner != "" {
		f.Emit(declaration.Imported{Title: "Fargate profile " + p.Name + " of cluster " + p.cluster,
			Notes: []string{fmt.Sprintf("It is looked after already: its tag %s is %s. Nothing is printed for it.", resource.OwnerTag, owner)}})
		return
	}
	obj := &v1alpha1.FargateSecurityProfile{}
	f.Prepare(obj, p.Name, p.cluster+"-"+p.Name)
	obj.Spec.ClusterName = p.cluster
	if obj.Name != p.Name {
		obj.Spec.FargateProfile.Name = p.Name
	}
	obj.Spec.FargateProfile.SubnetIDs = p.SubnetIDs
	for _, s := range p.Selectors {
		selector := v1alpha1.ProfileSelector{Namespace: s.Namespace}
		for key, value := range s.Labels {
			if selector.Labels == nil {
				selector.Labels = map[string]v1alpha1.SelectorLabelValue{}
			}
			selector.Labels[key] = v1alpha1.SelectorLabelValue(value)
		}
		obj.Spec.FargateProfile.Selectors = append(obj.Spec.FargateProfile.Selectors, selector)
	}
	d := &draft{fargateImport: f, found: p, object: obj, env: f.Env(obj)}
	role := d.readRole(ctx)
	d.readGroups(ctx)
	d.readLogging(ctx, role)
	d.settle(ctx)
	f.Emit(declaration.Imported{Object: obj, Notes: d.notes})
}

// maxLooks bounds settle: each look takes something back, and there are a role, a log group, a key in two forms, the policy
// and five groups.
const maxLooks = 16

// settle takes back what differs until nothing does.
func (d *draft) settle(ctx context.Context) {
	for range maxLooks {
		result := d.Look(ctx, d.object)
		if !d.giveWay(result) {
			return
		}
	}
}

// giveWay takes back the first thing that differs, and tells whether there was anything to take back: what comes later in the
// list may differ for that alone.
func (d *draft) giveWay(result *resource.Result) bool {
	for _, o := range result.Objects {
		why := d.objection(o)
		if why == "" {
			continue
		}
		if d.takeBack(o, why) {
			return true
		}
		d.note("%s: %s.", o.ID, why)
	}
	return false
}

// objection says what keeps an object from being declared as it is; "" for nothing.
func (d *draft) objection(o *resource.Object) string {
	var parts []string
	for _, difference := range slices.Concat(o.Drift, o.Pending) {
		parts = append(parts, fmt.Sprintf("%s is %s, where the operator wants %s", difference.Path, quoted(difference.Observed), quoted(difference.Desired)))
	}
	for _, problem := range o.Problems {
		parts = append(parts, problem.Message)
	}
	if o.Failure != nil {
		d.Missed(o.ID.String(), errors.New(o.Failure.Message))
		parts = append(parts, "it could not be read: "+o.Failure.Message)
	}
	for _, refusal := range o.Refusals {
		d.Missed(o.ID.String(), errors.New(refusal.Message))
		text := "a part of it could not be read: " + refusal.Message
		if len(refusal.Paths) == 0 { // no field is compared with that part
			d.note("%s: %s.", o.ID, strings.TrimSuffix(text, "."))
			continue
		}
		parts = append(parts, text)
	}
	if !o.Exists && len(parts) == 0 && o.Read {
		parts = append(parts, "it does not exist")
	}
	return joined(parts)
}

// takeBack leaves out of the spec what cannot be declared, or declares less of it. It returns false where there is nothing
// less to declare.
func (d *draft) takeBack(o *resource.Object, why string) bool {
	switch o.ID.Kind {
	case iamrole.Kind:
		return d.takeBackRole(o, why)
	case fargateprofile.Kind, ekscluster.Kind:
		return false
	case podsecuritygroups.Kind:
		d.note("%s is left out of podSecurityGroups: %s.", o.ID, why)
		d.spec().PodSecurityGroups = nil
		return true
	}
	return d.takeBackGroup(o, why) || d.takeBackLogging(o, why)
}
