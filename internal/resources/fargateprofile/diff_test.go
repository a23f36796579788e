// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"reflect"
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

var (
	cluster = resource.ID{Kind: "EKSCluster", Name: "prod"}
	role    = resource.ID{Kind: "IAMRole", Name: "pod-exec"}
)

const roleARN = "arn:aws:iam::111122223333:role/pod-exec"

func declaration(name string) Desired {
	return Desired{
		ClusterName: "prod", Name: name, Cluster: cluster, Role: role,
		Selectors: []observed.Selector{{Namespace: name, Labels: map[string]string{"tier": "backend", "app": "x"}}, {Namespace: name + "-2"}},
		SubnetIDs: []string{"subnet-0b", "subnet-0a"},
	}
}

// asDeclared is the profile that the declaration asks for, as AWS may give it back.
func asDeclared() observed.FargateProfile {
	return observed.FargateProfile{
		Name: "pay", RoleARN: roleARN, SubnetIDs: []string{"subnet-0a", "subnet-0b"}, Status: "ACTIVE",
		Selectors: []observed.Selector{
			{Namespace: "pay-2", Labels: map[string]string{}},
			{Namespace: "pay", Labels: map[string]string{"app": "x", "tier": "backend"}},
		},
	}
}

func known() resource.Values {
	return resource.Values{{From: role, Value: resource.ARN}: roleARN}
}

func TestDiffOfEveryField(t *testing.T) {
	const selectors = "pay-2, pay{app=x,tier=backend}"
	high := func(path, want, is, reason string) drift.Difference {
		return drift.Difference{Path: path, Desired: want, Observed: is, Severity: drift.High, Action: drift.RequiresReplacement, Reason: reason}
	}
	for name, c := range map[string]struct {
		tamper func(*observed.FargateProfile)
		values resource.Values
		want   drift.Difference
	}{
		"namespace": {
			tamper: func(p *observed.FargateProfile) { p.Selectors[0].Namespace = "x" },
			want:   high("selectors", selectors, "pay{app=x,tier=backend}, x", ReasonSelectors),
		},
		"label": {
			tamper: func(p *observed.FargateProfile) { p.Selectors[1].Labels["tier"] = "web" },
			want:   high("selectors", selectors, "pay-2, pay{app=x,tier=web}", ReasonSelectors),
		},
		"selector missing": {
			tamper: func(p *observed.FargateProfile) { p.Selectors = p.Selectors[1:] },
			want:   high("selectors", selectors, "pay{app=x,tier=backend}", ReasonSelectors),
		},
		"selector added": {
			tamper: func(p *observed.FargateProfile) {
				p.Selectors = append(p.Selectors, observed.Selector{Namespace: "*"})
			},
			want: high("selectors", selectors, "*, "+selectors, ReasonSelectors),
		},
		"subnet": {
			tamper: func(p *observed.FargateProfile) { p.SubnetIDs[0] = "subnet-0f" },
			want:   high("subnetIDs", "subnet-0a, subnet-0b", "subnet-0b, subnet-0f", ReasonSubnets),
		},
		"subnet missing": {
			tamper: func(p *observed.FargateProfile) { p.SubnetIDs = p.SubnetIDs[1:] },
			want:   high("subnetIDs", "subnet-0a, subnet-0b", "subnet-0b", ReasonSubnets),
		},
		"role": {
			tamper: func(p *observed.FargateProfile) { p.RoleARN = "arn:aws:iam::111122223333:role/other" },
			want: drift.Difference{Path: "podExecutionRole", Desired: roleARN, Observed: "arn:aws:iam::111122223333:role/other",
				Severity: drift.Critical, Action: drift.RequiresReplacement, Reason: ReasonRole},
		},
		"role that is not there yet": {
			tamper: func(p *observed.FargateProfile) { p.RoleARN = "arn:aws:iam::111122223333:role/other" },
			values: resource.Values{},
			want: drift.Difference{Path: "podExecutionRole", Desired: drift.Unknown, Observed: "arn:aws:iam::111122223333:role/other",
				Severity: drift.Critical, Action: drift.RequiresReplacement, Reason: ReasonRole, WaitsFor: "IAMRole/pod-exec"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			have, values := asDeclared(), c.values
			if values == nil {
				values = known()
			}
			c.tamper(&have)
			if got := diff(declaration("pay"), have, values); !reflect.DeepEqual(got, []drift.Difference{c.want}) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestOtherSpellingsOfTheSameAreNoDifference(t *testing.T) {
	twice := declaration("pay")
	twice.SubnetIDs = append(twice.SubnetIDs, "subnet-0a")
	twice.Selectors = append(twice.Selectors, twice.Selectors[0])
	anySubnet := declaration("pay")
	anySubnet.SubnetIDs = nil // EKS chooses
	gone := asDeclared()
	gone.RoleARN = "arn:aws:iam::111122223333:role/some/path/pod-exec" // the role was deleted, and gets the same ARN again
	for name, got := range map[string][]drift.Difference{
		"order":          diff(declaration("pay"), asDeclared(), known()),
		"duplicates":     diff(twice, asDeclared(), known()),
		"EKS's subnets":  diff(anySubnet, asDeclared(), known()),
		"role gone":      diff(declaration("pay"), asDeclared(), resource.Values{}),
		"role with path": diff(declaration("pay"), gone, resource.Values{}),
	} {
		if len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestHash(t *testing.T) {
	base := New(nil, nil, nil, "", declaration("pay"), resource.Prior{}).Hash()
	same := declaration("pay")
	same.SubnetIDs = []string{"subnet-0a", "subnet-0b"}
	same.Selectors[0], same.Selectors[1] = same.Selectors[1], same.Selectors[0]
	if New(nil, nil, nil, "", same, resource.Prior{}).Hash() != base {
		t.Error("order changes the hash")
	}
	for name, edit := range map[string]func(*Desired){
		"selector": func(d *Desired) { d.Selectors[0].Labels["tier"] = "web" },
		"subnets":  func(d *Desired) { d.SubnetIDs = d.SubnetIDs[1:] },
		"role":     func(d *Desired) { d.Role.Name = "other" },
	} {
		d := declaration("pay")
		edit(&d)
		if New(nil, nil, nil, "", d, resource.Prior{}).Hash() == base {
			t.Errorf("an edit of the %s does not change the hash", name)
		}
	}
	if Leftover(nil, nil, "", "prod", "pay").Hash() != "" {
		t.Error("a leftover has a hash")
	}
}
