// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"reflect"
	"strconv"
)

type updateClusterConfigInput struct {
	ResourcesVPCConfig *eksVPCRequest    `json:"resourcesVpcConfig"`
	Logging            *eksLogging       `json:"logging"`
	AccessConfig       *eksAccessConfig  `json:"accessConfig"`
	UpgradePolicy      *eksUpgradePolicy `json:"upgradePolicy"`
	DeletionProtection *bool             `json:"deletionProtection"`
	ClientRequestToken string            `json:"clientRequestToken"`
}

// eksChange is one kind of change that UpdateClusterConfig can make.
type eksChange struct {
	kind   string
	params []eksParam
	apply  func(*eksCluster)
}

// updateClusterConfig starts an update. One kind of change in a call, one
// update at a time, and a change that changes nothing is refused: EKS API
// reference, UpdateClusterConfig; aws.md "Traps for an SDK user".
func updateClusterConfig(s *Sim, c *call, in *updateClusterConfigInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	changes := in.changes()
	switch {
	case len(changes) == 0:
		return nil, eksInvalid("No changes needed: the request names nothing that awssim can update")
	case len(changes) > 1:
		return nil, eksInvalid("Only one type of update can be allowed: %s or %s", changes[0].kind, changes[1].kind)
	}
	change := changes[0]
	if running := cluster.runningUpdate(); running != nil {
		return nil, eksInUse("Cannot %s because cluster %s currently has update %s in progress", change.kind, cluster.Name, running.ID)
	}
	if cluster.Status != "ACTIVE" {
		return nil, eksInUse("Cannot %s because cluster %s is in status %s", change.kind, cluster.Name, cluster.Status)
	}
	after := cluster.eksCluster
	if change.apply(&after); reflect.DeepEqual(after, cluster.eksCluster) {
		return nil, eksInvalid("No changes needed: cluster %s already has what the %s asks for", cluster.Name, change.kind)
	}
	update := &eksUpdateState{
		eksUpdate: eksUpdate{
			ID: s.uuid("update/" + cluster.Name), Status: "InProgress", Type: change.kind, Params: change.params,
			CreatedAt: epoch(s.now()), Errors: []eksUpdateError{},
		},
		doneAt: s.now().Add(s.opts.Delays.ClusterUpdate), apply: change.apply,
	}
	cluster.updates = append(cluster.updates, update)
	cluster.Status = "UPDATING"
	return map[string]any{"update": update.eksUpdate}, nil
}

// changes lists the kinds of change that a request asks for.
func (in *updateClusterConfigInput) changes() []eksChange {
	var out []eksChange
	if v := in.ResourcesVPCConfig; v != nil {
		out = append(out, v.changes()...)
	}
	if v := in.Logging; v != nil {
		out = append(out, eksChange{"LoggingUpdate", []eksParam{{"ClusterLogging", asText(v)}}, func(cl *eksCluster) {
			cl.Logging.ClusterLogging = loggingOf(enabledTypes(cl.Logging.ClusterLogging, v.ClusterLogging))
		}})
	}
	if v := in.AccessConfig; v != nil {
		out = append(out, eksChange{"AccessConfigUpdate", []eksParam{{"AuthenticationMode", v.AuthenticationMode}}, func(cl *eksCluster) {
			cl.AccessConfig.AuthenticationMode = v.AuthenticationMode
		}})
	}
	if v := in.UpgradePolicy; v != nil {
		out = append(out, eksChange{"UpgradePolicyUpdate", []eksParam{{"UpgradePolicy", asText(v)}}, func(cl *eksCluster) { cl.UpgradePolicy = *v }})
	}
	if v := in.DeletionProtection; v != nil {
		out = append(out, eksChange{"DeletionProtectionUpdate", []eksParam{{"DeletionProtection", strconv.FormatBool(*v)}}, func(cl *eksCluster) {
			cl.DeletionProtection = *v
		}})
	}
	return out
}

// changes of the VPC configuration: endpoint access is one kind, subnets and
// security groups are another.
func (v *eksVPCRequest) changes() []eksChange {
	var out []eksChange
	access := eksVPCRequest{EndpointPublicAccess: v.EndpointPublicAccess, EndpointPrivateAccess: v.EndpointPrivateAccess, PublicAccessCIDRs: v.PublicAccessCIDRs}
	if !reflect.DeepEqual(access, eksVPCRequest{}) {
		out = append(out, eksChange{"EndpointAccessUpdate", access.params(), func(cl *eksCluster) { applyVPC(&cl.ResourcesVPCConfig, access) }})
	}
	network := eksVPCRequest{SubnetIDs: v.SubnetIDs, SecurityGroupIDs: v.SecurityGroupIDs}
	if !reflect.DeepEqual(network, eksVPCRequest{}) {
		out = append(out, eksChange{"VpcConfigUpdate", network.params(), func(cl *eksCluster) { applyVPC(&cl.ResourcesVPCConfig, network) }})
	}
	return out
}

func (v *eksVPCRequest) params() []eksParam {
	out := []eksParam{}
	if v.EndpointPublicAccess != nil {
		out = append(out, eksParam{"EndpointPublicAccess", strconv.FormatBool(*v.EndpointPublicAccess)})
	}
	if v.EndpointPrivateAccess != nil {
		out = append(out, eksParam{"EndpointPrivateAccess", strconv.FormatBool(*v.EndpointPrivateAccess)})
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"PublicAccessCidrs", v.PublicAccessCIDRs}, {"Subnets", v.SubnetIDs}, {"SecurityGroups", v.SecurityGroupIDs}} {
		if list.values != nil {
			out = append(out, eksParam{list.name, asText(list.values)})
		}
	}
	return out
}

// asText is a value as JSON text, which is how updates show what they change.
func asText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func describeUpdate(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	for _, u := range cluster.updatesFor(c) {
		if u.ID == c.Vars["updateId"] {
			return map[string]any{"update": u.eksUpdate}, nil
		}
	}
	return nil, eksNotFound("No update found for ID: %s", c.Vars["updateId"])
}

func listUpdates(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, u := range cluster.updatesFor(c) {
		ids = append(ids, u.ID)
	}
	return eksList(s, c, "updateIds", ids)
}

// updatesFor lists the updates that a call asks about: the cluster's own, or
// those of a node group, an add-on or a capability, of which there are none.
func (cluster *eksClusterState) updatesFor(c *call) []*eksUpdateState {
	for _, other := range []string{"nodegroupName", "addonName", "capabilityName"} {
		if c.Params.Has(other) {
			return nil
		}
	}
	return cluster.updates
}
