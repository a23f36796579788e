// SPDX-License-Identifier: Apache-2.0

package awssim

import "slices"

// createNodegroupInput is what is read of a request; the rest of a managed
// node group (AMI, launch template, taints, ...) is not modelled.
type createNodegroupInput struct {
	NodegroupName string            `json:"nodegroupName"`
	NodeRole      string            `json:"nodeRole"`
	Subnets       []string          `json:"subnets"`
	Version       string            `json:"version"`
	CapacityType  string            `json:"capacityType"`
	InstanceTypes []string          `json:"instanceTypes"`
	ScalingConfig *eksScaling       `json:"scalingConfig"`
	Labels        map[string]string `json:"labels"`
	Tags          map[string]string `json:"tags"`
}

// createNodegroup: EKS API reference, CreateNodegroup; the node role must trust
// EC2 (EKS user guide, "Amazon EKS node IAM role").
func createNodegroup(s *Sim, c *call, in *createNodegroupInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	c.Resource = eksARN(c.Region, c.Account, "nodegroup", cluster.Name+"/"+in.NodegroupName)
	switch {
	case !eksClusterName.MatchString(in.NodegroupName) || len(in.NodegroupName) > 63:
		return nil, eksInvalid("The node group name %q must start with a letter or digit, have only letters, digits, hyphens and underscores, and at most 63 characters", in.NodegroupName)
	case !slices.Contains([]string{"", "ON_DEMAND", "SPOT", "CAPACITY_BLOCK"}, in.CapacityType): // CreateNodegroup: capacityType
		return nil, eksInvalid("There is no capacity type %s", in.CapacityType)
	case cluster.nodegroups[in.NodegroupName] != nil:
		return nil, eksInUse("NodeGroup already exists with name %s and cluster name %s", in.NodegroupName, cluster.Name)
	case len(in.Subnets) == 0:
		return nil, eksInvalid("Subnets are required")
	}
	for _, id := range in.Subnets {
		if s.regionOf(c).ec2.subnet(id) == nil {
			return nil, eksInvalid("The subnet ID '%s' does not exist", id)
		}
	}
	if err := s.checkServiceRole(c, in.NodeRole, "ec2.amazonaws.com"); err != nil {
		return nil, err
	}
	if problem := tagProblem(nil, in.Tags); problem != "" {
		return nil, eksInvalid("%s", problem)
	}
	n := &eksNodegroupState{
		eksNodegroup: eksNodegroup{
			Name: in.NodegroupName, ClusterName: cluster.Name, CreatedAt: epoch(s.now()), Status: "CREATING", Version: in.Version,
			ARN:          eksARN(c.Region, c.Account, "nodegroup", cluster.Name+"/"+in.NodegroupName+"/"+s.uuid("nodegroup")),
			CapacityType: in.CapacityType, ScalingConfig: in.ScalingConfig, InstanceTypes: in.InstanceTypes, Subnets: in.Subnets,
			NodeRole: in.NodeRole, Labels: in.Labels, Tags: addTags(nil, in.Tags), Health: eksHealth{Issues: []eksIssue{}},
		},
		doneAt: s.now().Add(s.opts.Delays.ClusterUpdate), next: "ACTIVE",
	}
	setDefault(&n.Version, cluster.Version)
	setDefault(&n.CapacityType, "ON_DEMAND")
	cluster.nodegroups[n.Name] = n
	return map[string]any{"nodegroup": n.eksNodegroup}, nil
}

// nodegroup returns the node group that a call names.
func (s *Sim) nodegroup(c *call) (*eksNodegroupState, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	name := c.Vars["nodegroupName"]
	c.Resource = eksARN(c.Region, c.Account, "nodegroup", cluster.Name+"/"+name)
	n := cluster.nodegroups[name]
	if n == nil {
		return nil, eksNotFound("No node group found for name: %s.", name)
	}
	return n, nil
}

func describeNodegroup(s *Sim, c *call, _ *noInput) (any, error) {
	n, err := s.nodegroup(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"nodegroup": n.eksNodegroup}, nil
}

func listNodegroups(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for name := range cluster.nodegroups {
		names = append(names, name)
	}
	return eksList(s, c, "nodegroups", names)
}

// deleteNodegroup: EKS API reference, DeleteNodegroup. That a second deletion
// is in use is unverified.
func deleteNodegroup(s *Sim, c *call, _ *noInput) (any, error) {
	n, err := s.nodegroup(c)
	if err != nil {
		return nil, err
	}
	if n.Status == "DELETING" {
		return nil, eksInUse("Node group %s is already being deleted", n.Name)
	}
	n.Status, n.next = "DELETING", ""
	n.doneAt = s.now().Add(s.opts.Delays.ClusterUpdate)
	return map[string]any{"nodegroup": n.eksNodegroup}, nil
}
