// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var (
	// EKS API reference, CreateCluster: name.
	eksClusterName = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$`)
	// The control plane's log types: EKS user guide, "Send control plane logs".
	eksLogTypes = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}
)

// eksDefaultVersion is the Kubernetes version of a cluster that asks for none.
// AWS has a default and does not say which: unverified.
const eksDefaultVersion = "1.35"

type createClusterInput struct {
	Name                    string            `json:"name"`
	Version                 string            `json:"version"`
	RoleARN                 string            `json:"roleArn"`
	ResourcesVPCConfig      eksVPCRequest     `json:"resourcesVpcConfig"`
	KubernetesNetworkConfig eksNetworkConfig  `json:"kubernetesNetworkConfig"`
	Logging                 *eksLogging       `json:"logging"`
	AccessConfig            eksAccessConfig   `json:"accessConfig"`
	UpgradePolicy           eksUpgradePolicy  `json:"upgradePolicy"`
	EncryptionConfig        []eksEncryption   `json:"encryptionConfig"`
	DeletionProtection      bool              `json:"deletionProtection"`
	Tags                    map[string]string `json:"tags"`
	ClientRequestToken      string            `json:"clientRequestToken"`
}

// eksVPCRequest is the VPC configuration in a request: what is absent is left alone.
type eksVPCRequest struct {
	SubnetIDs             []string `json:"subnetIds"`
	SecurityGroupIDs      []string `json:"securityGroupIds"`
	EndpointPublicAccess  *bool    `json:"endpointPublicAccess"`
	EndpointPrivateAccess *bool    `json:"endpointPrivateAccess"`
	PublicAccessCIDRs     []string `json:"publicAccessCidrs"`
}

// createCluster: EKS API reference, CreateCluster. A name that is taken is
// ResourceInUseException.
func createCluster(s *Sim, c *call, in *createClusterInput) (any, error) {
	c.Resource = eksARN(c.Region, c.Account, "cluster", in.Name)
	if !eksClusterName.MatchString(in.Name) {
		return nil, eksInvalid("The cluster name %q must start with a letter or digit, have only letters, digits, hyphens and underscores, and at most 100 characters", in.Name)
	}
	if problem := tagProblem(nil, in.Tags); problem != "" {
		return nil, eksInvalid("%s", problem)
	}
	st := s.eks(c)
	if have := st.clusters[in.Name]; have != nil {
		if in.ClientRequestToken != "" && have.ClientRequestToken == in.ClientRequestToken {
			return map[string]any{"cluster": have.eksCluster}, nil // a repeated request: CreateCluster, clientRequestToken
		}
		return nil, eksInUse("Cluster already exists with name: %s", in.Name)
	}
	if err := s.checkServiceRole(c, in.RoleARN, "eks.amazonaws.com"); err != nil {
		return nil, err
	}
	vpc, err := s.vpcOfSubnets(c, in.ResourcesVPCConfig.SubnetIDs)
	if err != nil {
		return nil, err
	}
	cluster := s.newCluster(c.Account, c.Region, vpc, in)
	cluster.doneAt = s.now().Add(s.opts.Delays.ClusterUpdate)
	st.clusters[in.Name] = cluster
	return map[string]any{"cluster": cluster.eksCluster}, nil
}

// newCluster makes a cluster in status CREATING, with EKS's defaults: EKS API
// reference, KubernetesNetworkConfigRequest (two ranges are possible, this is
// the first), CreateAccessConfigRequest and UpgradePolicyRequest.
func (s *Sim) newCluster(account, region, vpc string, in *createClusterInput) *eksClusterState {
	id := strings.ToUpper(s.hexID(32, "eks/"+account+region+in.Name))
	cluster := eksCluster{
		Name: in.Name, ARN: eksARN(region, account, "cluster", in.Name), CreatedAt: epoch(s.now()), Status: "CREATING",
		Version: in.Version, PlatformVersion: "eks.1", RoleARN: in.RoleARN, ClientRequestToken: in.ClientRequestToken,
		Endpoint: "https://" + id + ".gr7." + region + ".eks.amazonaws.com",
		ResourcesVPCConfig: eksVPCConfig{
			SubnetIDs: nonNil(in.ResourcesVPCConfig.SubnetIDs), SecurityGroupIDs: nonNil(in.ResourcesVPCConfig.SecurityGroupIDs), VPCID: vpc,
			ClusterSecurityGroupID: s.account(account).region(region).ec2.ensureClusterSecurityGroup(vpc, in.Name),
			// Public yes, private no, from everywhere: EKS API reference, VpcConfigRequest.
			EndpointPublicAccess: true, PublicAccessCIDRs: []string{"0.0.0.0/0"},
		},
		KubernetesNetworkConfig: in.KubernetesNetworkConfig, AccessConfig: in.AccessConfig, UpgradePolicy: in.UpgradePolicy,
		EncryptionConfig: in.EncryptionConfig, DeletionProtection: in.DeletionProtection,
		Logging:              eksLogging{ClusterLogging: loggingOf(nil)},
		Identity:             eksIdentity{OIDC: eksOIDC{Issuer: "https://oidc.eks." + region + ".amazonaws.com/id/" + id}},
		CertificateAuthority: eksCA{Data: base64.StdEncoding.EncodeToString([]byte("awssim has no certificate for " + in.Name))},
		Tags:                 addTags(nil, in.Tags), Health: eksHealth{Issues: []eksIssue{}},
	}
	setDefault(&cluster.Version, eksDefaultVersion)
	setDefault(&cluster.KubernetesNetworkConfig.ServiceIPv4CIDR, "10.100.0.0/16")
	setDefault(&cluster.KubernetesNetworkConfig.IPFamily, "ipv4")
	setDefault(&cluster.AccessConfig.AuthenticationMode, "CONFIG_MAP")
	setDefault(&cluster.UpgradePolicy.SupportType, "EXTENDED")
	applyVPC(&cluster.ResourcesVPCConfig, in.ResourcesVPCConfig)
	if in.Logging != nil {
		cluster.Logging.ClusterLogging = loggingOf(enabledTypes(nil, in.Logging.ClusterLogging))
	}
	return &eksClusterState{
		eksCluster: cluster,
		profiles:   map[string]*eksProfileState{}, nodegroups: map[string]*eksNodegroupState{},
		tokens: map[string]eksToken{}, outcomes: map[string]string{},
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// nonNil makes a list that JSON shows as [] when it is empty, as AWS does.
func nonNil(list []string) []string { return append([]string{}, list...) }

// checkServiceRole says whether a role exists and trusts a service:
// terraform-aws-eks#2406 and crossplane-contrib/provider-aws#218 quote the answer.
func (s *Sim) checkServiceRole(c *call, roleARN, service string) error {
	role := s.account(c.Account).iam.role(partOf(roleARN, "/"))
	if role == nil || role.ARN != roleARN || !trusts(role.TrustPolicy, principal{kind: "Service", value: service}, "sts:AssumeRole", nil) {
		return eksInvalid("Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", roleARN)
	}
	return nil
}

// vpcOfSubnets returns the one VPC of the subnets, of at least two Availability
// Zones: EKS user guide, "View Amazon EKS networking requirements".
func (s *Sim) vpcOfSubnets(c *call, ids []string) (string, error) {
	vpc, zones := "", map[string]bool{}
	for _, id := range ids {
		subnet := s.regionOf(c).ec2.subnet(id)
		if subnet == nil {
			return "", eksInvalid("The subnet ID '%s' does not exist", id)
		}
		if vpc != "" && subnet.VpcID != vpc {
			return "", eksInvalid("Subnets specified must belong to the same VPC: %s is in %s, not in %s", id, subnet.VpcID, vpc)
		}
		vpc, zones[subnet.AZ] = subnet.VpcID, true
	}
	if len(zones) < 2 {
		return "", eksInvalid("Subnets specified must be in at least two different AZs")
	}
	return vpc, nil
}

func describeCluster(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"cluster": cluster.eksCluster}, nil
}

func listClusters(s *Sim, c *call, _ *noInput) (any, error) {
	names := []string{}
	for name := range s.eks(c).clusters {
		names = append(names, name)
	}
	return eksList(s, c, "clusters", names)
}

// eksList is the answer of a List operation.
func eksList(s *Sim, c *call, field string, names []string) (any, error) {
	names, next, err := s.eksPage(c, names)
	if err != nil {
		return nil, err
	}
	out := map[string]any{field: names}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

// deleteCluster refuses while something hangs on the cluster or deletion
// protection is on: EKS API reference, DeleteCluster and CreateCluster.
func deleteCluster(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, err := s.eksCluster(c)
	switch {
	case err != nil:
		return nil, err
	case cluster.DeletionProtection:
		return nil, errf(http.StatusBadRequest, "InvalidRequestException", "Cluster %s has deletion protection enabled", cluster.Name)
	case len(cluster.nodegroups) > 0:
		return nil, eksInUse("Cluster has nodegroups attached")
	case len(cluster.profiles) > 0:
		return nil, eksInUse("Cluster has Fargate profiles attached")
	case cluster.runningUpdate() != nil:
		return nil, eksInUse("Cannot delete because cluster %s currently has an update in progress", cluster.Name)
	}
	cluster.Status = "DELETING"
	cluster.doneAt = s.now().Add(s.opts.Delays.ClusterUpdate)
	return map[string]any{"cluster": cluster.eksCluster}, nil
}

// enabledTypes is which log types are on after a request changed some: each can
// be enabled and disabled by itself (EKS API reference, LogSetup).
func enabledTypes(have, asked []eksLogSetup) []string {
	on := map[string]bool{}
	for _, setups := range [][]eksLogSetup{have, asked} {
		for _, setup := range setups {
			for _, t := range setup.Types {
				on[t] = setup.Enabled
			}
		}
	}
	out := []string{}
	for _, t := range eksLogTypes {
		if on[t] {
			out = append(out, t)
		}
	}
	return out
}

// loggingOf shows log types as the examples of the aws command do
// (describe-cluster): those that are on, then those off.
func loggingOf(enabled []string) []eksLogSetup {
	var on, off []string
	for _, t := range eksLogTypes {
		if slices.Contains(enabled, t) {
			on = append(on, t)
		} else {
			off = append(off, t)
		}
	}
	out := []eksLogSetup{}
	if len(on) > 0 {
		out = append(out, eksLogSetup{Types: on, Enabled: true})
	}
	if len(off) > 0 {
		out = append(out, eksLogSetup{Types: off})
	}
	return out
}

// applyVPC changes what the request names and leaves the rest.
func applyVPC(have *eksVPCConfig, asked eksVPCRequest) {
	if asked.EndpointPublicAccess != nil {
		have.EndpointPublicAccess = *asked.EndpointPublicAccess
	}
	if asked.EndpointPrivateAccess != nil {
		have.EndpointPrivateAccess = *asked.EndpointPrivateAccess
	}
	if asked.PublicAccessCIDRs != nil {
		have.PublicAccessCIDRs = asked.PublicAccessCIDRs
	}
	if asked.SubnetIDs != nil {
		have.SubnetIDs = asked.SubnetIDs
	}
	if asked.SecurityGroupIDs != nil {
		have.SecurityGroupIDs = asked.SecurityGroupIDs
	}
}
