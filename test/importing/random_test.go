// SPDX-License-Identifier: Apache-2.0

package importing_test

import (
	"fmt"
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"pgregory.net/rapid"
)

// TestRandomEstatesComeBack draws estates out of all that the simulator can hold.
func TestRandomEstatesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, end := newWorld(t)
		defer end()
		w.draw(t)
		w.roundTrip()
	})
}

func pick[T any](t *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(t, label) }

func coin(t *rapid.T, label string) bool { return rapid.Bool().Draw(t, label) }

func (w *world) draw(t *rapid.T) {
	w.workload = pick(t, "workload", "", "prod", second)
	names := []string{"payments", "Pay_ments", "pay-ments", "9x"}
	var roles, of []string // and the cluster that a role is for
	for n, name := range names[:1+pick(t, "profiles", 0, 1, 2, 3)] {
		cluster := pick(t, "cluster", "prod", "prod", second)
		key := w.drawLogs(t, n, cluster, name)
		if len(roles) == 0 || of[len(of)-1] != cluster || !pick(t, "shared role", false, false, false, true) {
			roles, of = append(roles, w.drawRole(t, n, cluster, name, key)), append(of, cluster)
		}
		p := profile{cluster: cluster, name: name, role: roles[len(roles)-1], fails: pick(t, "fails", false, false, false, false, true),
			selectors: []ekstypes.FargateProfileSelector{selector(pick(t, "namespace", w.pods, "pods-*", fmt.Sprintf("ns-%d", n)), "n", fmt.Sprint(n))}}
		if coin(t, "second selector") {
			p.selectors = append(p.selectors, selector(fmt.Sprintf("x%d-?", n)))
		}
		if coin(t, "one subnet") {
			p.subnets = []string{"subnet-0a"}
		}
		if coin(t, "tags") {
			p.tags = map[string]string{"team": "x", "elbv2.k8s.aws/cluster": "prod"}
		}
		w.profile(p)
	}
	w.drawGroups(t)
}

// drawLogs makes log groups and keys around the name that a profile has by default, and returns one of their names.
func (w *world) drawLogs(t *rapid.T, n int, cluster, profile string) (name string) {
	name = pick(t, "log group", "", "/aws/eks/"+cluster+"/fargate/"+profile, fmt.Sprintf("/team/%d#x", n))
	if name == "" {
		return ""
	}
	g := logGroup{name: name, retention: pick(t, "retention", int32(0), 1, 90, 3653), class: pick(t, "class", "", "INFREQUENT_ACCESS")}
	if coin(t, "log tags") {
		g.tags = map[string]string{"team": "x"}
	}
	if coin(t, "key") {
		k := key{policy: pick(t, "key policy", keyPolicy(name), keyPolicy(name, decrypt), wideKeyPolicy), rotates: coin(t, "rotates"),
			period: pick(t, "period", int32(0), 90, 365, 2560)}
		k.aliases = []string{fmt.Sprintf("alias/a%d", n), fmt.Sprintf("alias/b%d", n)}[:pick(t, "aliases", 0, 1, 1, 2)]
		g.key = w.key(k)
	}
	w.logGroup(g)
	return name
}

func (w *world) drawRole(t *rapid.T, n int, cluster, profile, logs string) string {
	r := role{
		name: pick(t, "role name", cluster+"-"+profile+"-fargate", fmt.Sprintf("pods+=,.@_-%d", n)), path: pick(t, "path", "/", "/", "/team/fargate/"),
		trust: pick(t, "trust", ownTrust(cluster), ownTrust(cluster), ownTrust(cluster), plainTrust, twoTrust), boundary: pick(t, "boundary", "", readOnly),
		managed: pick(t, "managed", []string{executionPolicy}, nil, []string{readOnly, executionPolicy}), inline: map[string]string{},
	}
	if coin(t, "odd") {
		r.inline["odd"] = oddJSON
	}
	if coin(t, "big") {
		r.inline["big"] = bigPolicy()
	}
	if logs != "" {
		switch pick(t, "logging policy", "", "own", "own", "other") {
		case "own":
			r.inline["fargate-logging"] = loggingPolicy(logs)
		case "other":
			r.inline["logs"] = loggingPolicy(logs)
		}
	}
	if pick(t, "foreign", false, false, false, false, true) {
		r.tags = map[string]string{"fargatesecurity.io/owner": "op-9/team/x"}
	}
	return w.role(r)
}

func (w *world) drawGroups(t *rapid.T) {
	var ids []string
	for n := range pick(t, "groups", 0, 1, 2, 3, 6) {
		var ingress, egress []ec2types.IpPermission
		for m := range pick(t, "rules", 0, 1, 3) {
			peers := append([]string{"10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0", "172.16.0.0/12"}, ids...)
			rule := from(pick(t, "protocol", "tcp", "udp"), int32(100+m), int32(200+m), pick(t, "peer", peers...), pick(t, "described", "", "why: so"))
			if ingress = append(ingress, rule); coin(t, "out") {
				egress = append(egress, rule)
			}
		}
		if coin(t, "closed") && egress == nil {
			egress = []ec2types.IpPermission{}
		}
		name := fmt.Sprintf("group %d", n)
		id := w.group(name, pick(t, "description", name, "of people"), ingress, egress)
		if coin(t, "itself") {
			w.open(id, from("-1", 0, 0, id, ""))
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return
	}
	some := ids[:min(len(ids), 4)]
	if coin(t, "cluster group") && w.workload != "" {
		some = append(some[:len(some):len(some)], w.clusterGroup(w.workload))
	}
	w.policy(pick(t, "policy", "of-people", w.ns+".payments", w.ns+".pay-ments"), allPods, some...)
	if len(ids) > 4 {
		w.policy("more", map[string]any{"serviceAccountSelector": map[string]any{}}, ids[3:]...)
	}
}
