// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

type createProfileInput struct {
	FargateProfileName  string            `json:"fargateProfileName"`
	PodExecutionRoleARN string            `json:"podExecutionRoleArn"`
	Subnets             []string          `json:"subnets"`
	Selectors           []eksSelector     `json:"selectors"`
	ClientRequestToken  string            `json:"clientRequestToken"`
	Tags                map[string]string `json:"tags"`
}

func createFargateProfile(s *Sim, c *call, in *createProfileInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	c.Resource = eksARN(c.Region, c.Account, "fargateprofile", cluster.Name+"/"+in.FargateProfileName)
	if again, err := cluster.repeated(c, in); again != nil || err != nil {
		return again, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := cluster.checkNewProfile(in.FargateProfileName); err != nil {
		return nil, err
	}
	subnets, err := s.checkProfileSubnets(c, cluster, in.Subnets)
	if err != nil {
		return nil, err
	}
	arn := eksARN(c.Region, c.Account, "fargateprofile", cluster.Name+"/"+in.FargateProfileName+"/"+s.uuid("profile"))
	if err := s.checkPodExecutionRole(c, in.PodExecutionRoleARN, arn); err != nil {
		return nil, err
	}
	p := &eksProfileState{
		eksProfile: eksProfile{
			Name: in.FargateProfileName, ARN: arn, ClusterName: cluster.Name, CreatedAt: epoch(s.now()), RoleARN: in.PodExecutionRoleARN,
			Subnets: subnets, Selectors: in.Selectors, Status: "CREATING", Tags: addTags(nil, in.Tags), Health: eksHealth{Issues: []eksIssue{}},
		},
		doneAt: s.now().Add(s.opts.Delays.ProfileCreate),
	}
	cluster.profiles[p.Name] = p
	cluster.finishCreation(p)
	if in.ClientRequestToken != "" {
		cluster.tokens[in.ClientRequestToken] = eksToken{profile: p.Name, body: compact(c.Body)}
	}
	return map[string]any{"fargateProfile": p.eksProfile}, nil
}

// repeated answers a request whose client token was seen before: EKS API
// reference, clientRequestToken. What a token with other parameters does is
// unverified.
func (cluster *eksClusterState) repeated(c *call, in *createProfileInput) (any, error) {
	token, seen := cluster.tokens[in.ClientRequestToken]
	p := cluster.profiles[token.profile]
	switch {
	case !seen || p == nil:
		return nil, nil
	case token.body != compact(c.Body):
		return nil, errf(http.StatusBadRequest, "InvalidRequestException", "The client request token %s was used with other parameters", in.ClientRequestToken)
	}
	return map[string]any{"fargateProfile": p.eksProfile}, nil
}

// check holds a request against the limits of the EKS user guide, "Define
// which Pods use Fargate when launched", and the API reference.
func (in *createProfileInput) check() error {
	switch {
	case !eksClusterName.MatchString(in.FargateProfileName):
		return eksInvalid("The Fargate profile name %q must start with a letter or digit, have only letters, digits, hyphens and underscores, and at most 100 characters", in.FargateProfileName)
	case strings.HasPrefix(in.FargateProfileName, "eks-"):
		return eksInvalid("The Fargate profile name %s starts with the reserved prefix eks-", in.FargateProfileName)
	case len(in.Selectors) == 0:
		return eksInvalid("Fargate profile must have at least one selector")
	case len(in.Selectors) > 5:
		return eksInvalid("Fargate profile can have at most 5 selectors, not %d", len(in.Selectors))
	}
	for _, selector := range in.Selectors {
		if selector.Namespace == "" {
			return eksInvalid("Fargate profile selector must have a namespace")
		}
		if len(selector.Labels) > 5 {
			return eksInvalid("Request contains Selector with more than 5 Label pairs")
		}
	}
	if problem := tagProblem(nil, in.Tags); problem != "" {
		return eksInvalid("%s", problem)
	}
	return nil
}

// checkNewProfile holds a new profile against the cluster's state: one profile
// operation at a time and none during a cluster update (terraform#25059,
// terraform-aws-eks#866), ten profiles (EKS service quotas).
func (cluster *eksClusterState) checkNewProfile(name string) error {
	if cluster.profiles[name] != nil {
		return eksInUse("Fargate Profile already exists with this name: %s", name)
	}
	if err := cluster.checkFree("create", name); err != nil {
		return err
	}
	if len(cluster.profiles) >= 10 {
		return errf(http.StatusBadRequest, "ResourceLimitExceededException", "Fargate Profile limit of 10 exceeded for cluster %s", cluster.Name)
	}
	return nil
}

// checkFree says whether the cluster can take a profile operation now.
func (cluster *eksClusterState) checkFree(verb, name string) error {
	if p := cluster.busyProfile(); p != nil {
		return eksInUse("Cannot %s Fargate Profile %s because cluster %s currently has Fargate profile %s in status %s", verb, name, cluster.Name, p.Name, p.Status)
	}
	if u := cluster.runningUpdate(); u != nil {
		return eksInUse("Cannot %s Fargate Profile %s because cluster %s currently has update %s in progress", verb, name, cluster.Name, u.ID)
	}
	if cluster.Status != "ACTIVE" {
		// The code for a cluster that is being made or removed is unverified.
		return errf(http.StatusBadRequest, "InvalidRequestException", "Cannot %s Fargate Profile %s because cluster %s is in status %s", verb, name, cluster.Name, cluster.Status)
	}
	return nil
}

// checkProfileSubnets takes only private subnets of the cluster's VPC (EKS user
// guide, fargate.adoc), and the cluster's private ones when none is named.
func (s *Sim) checkProfileSubnets(c *call, cluster *eksClusterState, asked []string) ([]string, error) {
	net := s.regionOf(c).ec2
	out := []string{}
	for _, id := range asked {
		subnet := net.subnet(id)
		switch {
		case subnet == nil:
			return nil, eksInvalid("The subnet ID '%s' does not exist", id)
		case subnet.VpcID != cluster.ResourcesVPCConfig.VPCID:
			return nil, eksInvalid("Subnet %s provided in Fargate Profile is not in the VPC %s of the cluster", id, cluster.ResourcesVPCConfig.VPCID)
		case net.hasIGWRoute(id):
			return nil, eksInvalid("Subnet %s provided in Fargate Profile is not a private subnet", id)
		}
		out = append(out, id)
	}
	if len(asked) > 0 {
		return out, nil
	}
	for _, id := range cluster.ResourcesVPCConfig.SubnetIDs {
		if net.subnet(id) != nil && !net.hasIGWRoute(id) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, eksInvalid("Fargate profile has no subnets and cluster %s has no private subnet", cluster.Name)
	}
	return out, nil
}

// checkPodExecutionRole refuses a role that does not (or not yet) trust
// Fargate: EKS user guide, "Amazon EKS Pod execution IAM role"; the message and
// that it passes with time: terraform-provider-aws fargate_profile.go.
func (s *Sim) checkPodExecutionRole(c *call, roleARN, profileARN string) error {
	if account := accountOfARN(roleARN); account != "" && account != c.Account {
		return errf(http.StatusForbidden, "AccessDeniedException", "Cross-account pass role is not allowed.")
	}
	role := s.account(c.Account).iam.role(partOf(roleARN, "/"))
	about := map[string]string{"aws:SourceArn": profileARN, "aws:SourceAccount": c.Account}
	if role == nil || role.ARN != roleARN ||
		!trusts(role.TrustPolicy, principal{kind: "Service", value: "eks-fargate-pods.amazonaws.com"}, "sts:AssumeRole", about) ||
		s.now().Before(role.TrustChanged.Add(s.opts.Delays.RolePropagation)) {
		return eksInvalid("Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal")
	}
	return nil
}

// finishCreation decides what becomes of a profile in status CREATING. That a
// node group's role ends in CREATE_FAILED with PodExecutionRoleAlreadyInUse is
// read from the health code's name and security-iam.adoc; it is unverified.
func (cluster *eksClusterState) finishCreation(p *eksProfileState) {
	p.next = "ACTIVE"
	if outcome := cluster.outcomes[p.Name]; outcome != "" {
		delete(cluster.outcomes, p.Name)
		p.next = outcome
		p.Health.Issues = []eksIssue{{Code: "InternalFailure", Message: "Fargate profile could not be created", ResourceIDs: []string{p.ARN}}}
	}
	for _, n := range cluster.nodegroups {
		if n.NodeRole == p.RoleARN {
			p.next = "CREATE_FAILED"
			p.Health.Issues = []eksIssue{{
				Code: "PodExecutionRoleAlreadyInUse", Message: "Pod execution role is already in use by node group " + n.Name, ResourceIDs: []string{p.RoleARN},
			}}
		}
	}
}

// profile returns the Fargate profile that a call names.
func (s *Sim) profile(c *call) (*eksClusterState, *eksProfileState, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, nil, err
	}
	name := c.Vars["fargateProfileName"]
	c.Resource = eksARN(c.Region, c.Account, "fargateprofile", cluster.Name+"/"+name)
	p := cluster.profiles[name]
	if p == nil {
		return nil, nil, eksNotFound("No Fargate Profile found with name: %s.", name)
	}
	return cluster, p, nil
}

func describeFargateProfile(s *Sim, c *call, _ *noInput) (any, error) {
	_, p, err := s.profile(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"fargateProfile": p.eksProfile}, nil
}

func listFargateProfiles(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, err := s.eksCluster(c)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for name := range cluster.profiles {
		names = append(names, name)
	}
	return eksList(s, c, "fargateProfileNames", names)
}

// deleteFargateProfile starts a deletion; only one profile of a cluster can be
// in DELETING: EKS API reference, DeleteFargateProfile.
func deleteFargateProfile(s *Sim, c *call, _ *noInput) (any, error) {
	cluster, p, err := s.profile(c)
	if err != nil {
		return nil, err
	}
	if err := cluster.checkFree("delete", p.Name); err != nil {
		return nil, err
	}
	p.Status, p.next = "DELETING", cluster.outcomes[p.Name]
	delete(cluster.outcomes, p.Name)
	p.doneAt = s.now().Add(s.opts.Delays.ProfileDelete)
	return map[string]any{"fargateProfile": p.eksProfile}, nil
}

// compact is a JSON body without its spaces, to compare two requests.
func compact(body []byte) string {
	var out bytes.Buffer
	if json.Compact(&out, body) != nil {
		return string(body)
	}
	return out.String()
}
