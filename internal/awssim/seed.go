// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"

	"sigs.k8s.io/yaml"
)

// Seed is what a simulated account holds from the start. Ids are taken as they
// are ("subnet-0a"); what is seeded is older than every delay.
type Seed struct {
	Account    string          `json:"account,omitempty"` // default: the simulator's
	Region     string          `json:"region,omitempty"`  // default: the simulator's
	VPCs       []SeedVPC       `json:"vpcs,omitempty"`
	Roles      []SeedRole      `json:"roles,omitempty"`
	Policies   []SeedPolicy    `json:"policies,omitempty"`
	Clusters   []SeedCluster   `json:"clusters,omitempty"`
	Assumable  []SeedAssumable `json:"assumable,omitempty"`
	AccessKeys []SeedAccessKey `json:"accessKeys,omitempty"`
	Others     []Seed          `json:"others,omitempty"` // further accounts and Regions
}

// SeedVPC is a VPC. One with public subnets gets an internet gateway, and one
// with both kinds a NAT gateway in its first public subnet, for the private ones.
type SeedVPC struct {
	ID      string       `json:"id"`
	CIDR    string       `json:"cidr"`
	Subnets []SeedSubnet `json:"subnets,omitempty"`
}

// SeedSubnet is a subnet; a public one has a route to the internet gateway.
type SeedSubnet struct {
	ID     string `json:"id"`
	CIDR   string `json:"cidr"`
	AZ     string `json:"az"`
	Public bool   `json:"public,omitempty"`
}

// SeedRole is an IAM role with its trust policy, as text or as an object.
type SeedRole struct {
	Name     string            `json:"name"`
	Trust    json.RawMessage   `json:"trust"`
	Attached []string          `json:"attached,omitempty"` // ARNs of managed policies
	Tags     map[string]string `json:"tags,omitempty"`
}

// SeedPolicy is a customer managed IAM policy, as text or as an object.
type SeedPolicy struct {
	Name     string          `json:"name"`
	Document json.RawMessage `json:"document"`
}

// SeedCluster is an ACTIVE EKS cluster. Without roleArn it gets a role of its own.
type SeedCluster struct {
	Name           string            `json:"name"`
	Version        string            `json:"version,omitempty"`
	RoleARN        string            `json:"roleArn,omitempty"`
	Subnets        []string          `json:"subnets"`
	SecurityGroups []string          `json:"securityGroups,omitempty"`
	Logging        []string          `json:"logging,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
}

// SeedAssumable is a role that any caller can assume, if need be with an external id.
type SeedAssumable struct {
	RoleARN    string `json:"roleArn"`
	ExternalID string `json:"externalId,omitempty"`
}

// SeedAccessKey says whose an access key id is.
type SeedAccessKey struct {
	ID  string `json:"id"`
	ARN string `json:"arn"`
}

// ParseSeed reads a seed from YAML; unknown fields are an error.
func ParseSeed(text []byte) (Seed, error) {
	var seed Seed
	err := yaml.UnmarshalStrict(text, &seed)
	return seed, err
}

// DefaultSeed is account 111122223333 in eu-west-1 with vpc-0a, the private
// subnets subnet-0a and subnet-0b, the public subnet-0c, and the EKS cluster
// prod: the same as hack/demo-seed.yaml.
func DefaultSeed() Seed {
	return Seed{
		Account: DefaultAccount, Region: DefaultRegion,
		VPCs: []SeedVPC{{ID: "vpc-0a", CIDR: "10.0.0.0/16", Subnets: []SeedSubnet{
			{ID: "subnet-0a", CIDR: "10.0.0.0/19", AZ: "eu-west-1a"},
			{ID: "subnet-0b", CIDR: "10.0.32.0/19", AZ: "eu-west-1b"},
			{ID: "subnet-0c", CIDR: "10.0.64.0/24", AZ: "eu-west-1a", Public: true},
		}}},
		Clusters: []SeedCluster{{Name: "prod", Version: "1.35", Subnets: []string{"subnet-0a", "subnet-0b"}}},
	}
}

// Seed puts what the seed names into the simulator, on top of what is there.
func (s *Sim) Seed(seed Seed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.remember()
	return s.seed(seed)
}

func (s *Sim) seed(seed Seed) error {
	a := s.account(cmp.Or(seed.Account, s.opts.Account))
	r := a.region(cmp.Or(seed.Region, s.opts.Region))
	for _, vpc := range seed.VPCs {
		if err := vpc.check(); err != nil {
			return err
		}
		seedNetwork(r.ec2, vpc)
	}
	for _, p := range seed.Policies {
		a.iam.addManagedPolicy("arn:aws:iam::"+a.ID+":policy/"+p.Name, jsonText(p.Document))
	}
	for _, role := range seed.Roles {
		if err := seedRole(a, role); err != nil {
			return err
		}
	}
	for _, cluster := range seed.Clusters {
		if err := s.seedCluster(a, r, cluster); err != nil {
			return err
		}
	}
	for _, role := range seed.Assumable {
		s.assumable[role.RoleARN] = role.ExternalID
	}
	for _, key := range seed.AccessKeys {
		s.identities[key.ID] = identity{Account: accountOfARN(key.ARN), ARN: key.ARN}
	}
	for _, other := range seed.Others {
		if err := s.seed(other); err != nil {
			return err
		}
	}
	return nil
}

// check refuses what the network code would trip over.
func (vpc SeedVPC) check() error {
	if _, err := netip.ParsePrefix(vpc.CIDR); err != nil || vpc.ID == "" {
		return fmt.Errorf("VPC %q needs an id and a cidr", vpc.ID)
	}
	for _, subnet := range vpc.Subnets {
		if _, err := netip.ParsePrefix(subnet.CIDR); err != nil || subnet.ID == "" || subnet.AZ == "" {
			return fmt.Errorf("subnet %q of %s needs an id, a cidr and an az", subnet.ID, vpc.ID)
		}
	}
	return nil
}

// jsonText is a document that a seed gives as text or as an object.
func jsonText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func seedRole(a *account, role SeedRole) error {
	trust := jsonText(role.Trust)
	if _, err := a.iam.acceptTrust(trust); err != nil {
		return fmt.Errorf("role %s: trust policy: %w", role.Name, err)
	}
	for _, arn := range role.Attached {
		if a.iam.policies[arn] == nil {
			return fmt.Errorf("role %s: there is no managed policy %s", role.Name, arn)
		}
	}
	have := a.iam.addRole(role.Name, trust, role.Attached...)
	maps.Copy(have.Tags, role.Tags)
	return nil
}

// seedCluster makes an ACTIVE cluster.
func (s *Sim) seedCluster(a *account, r *region, cluster SeedCluster) error {
	if len(cluster.Subnets) == 0 {
		return fmt.Errorf("cluster %s needs subnets", cluster.Name)
	}
	subnet := r.ec2.subnet(cluster.Subnets[0])
	if subnet == nil {
		return fmt.Errorf("cluster %s: there is no subnet %s", cluster.Name, cluster.Subnets[0])
	}
	if cluster.RoleARN == "" {
		cluster.RoleARN = a.iam.addRole(cluster.Name+"-cluster", serviceTrust("eks.amazonaws.com")).ARN
	}
	have := s.newCluster(a.ID, r.Name, subnet.VpcID, &createClusterInput{
		Name: cluster.Name, Version: cluster.Version, RoleARN: cluster.RoleARN, Tags: cluster.Tags,
		ResourcesVPCConfig: eksVPCRequest{SubnetIDs: cluster.Subnets, SecurityGroupIDs: cluster.SecurityGroups},
		Logging:            &eksLogging{ClusterLogging: []eksLogSetup{{Types: cluster.Logging, Enabled: true}}},
	})
	have.Status, have.CreatedAt = "ACTIVE", epoch(seeded)
	r.eks.clusters[cluster.Name] = have
	return nil
}

// serviceTrust is the trust policy of a role for one AWS service.
func serviceTrust(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
}
