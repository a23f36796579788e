// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"testing"
	"text/template"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// suite is everything that the scenarios on one backend share.
type suite struct {
	t         *testing.T
	dir       string // logs, kubeconfigs, kubectl's home
	cluster   *cluster
	backend   *backend
	proxy     *proxy
	operators int
	logs      []*process
	// env is added to the environment of the operators that are started from now on.
	env        []string
	requests   int
	worldCount int
	// auditLog is the API server's, watches print what changes in it, scrapes are metrics that were read.
	auditLog string
	watches  []*process
	scrapes  []string
	// operator is the one that is at work.
	operator *operator
}

// world is one VPC with an EKS cluster, and the namespaces of one scenario.
type world struct {
	Name, VPC, Public string
	Private           []string
	// Namespace is where the profile is declared, Workload where its pods run.
	Namespace, Workload string
}

// newWorld makes, through AWS's own API, a VPC with two private and one public subnet and an EKS cluster, all named
// after the scenario, and the namespaces.
func (s *suite) newWorld(t *testing.T, name string) *world {
	t.Helper()
	w := &world{Name: name, Namespace: "team-" + name, Workload: "pods-" + name}
	s.worldCount++
	net := fmt.Sprintf("10.%d", s.worldCount)
	vpc, err := s.backend.ec2.CreateVpc(background(), &ec2.CreateVpcInput{CidrBlock: aws.String(net + ".0.0/16")})
	did(t, vpc, err)
	w.VPC = *vpc.Vpc.VpcId
	for i, zone := range []string{"a", "b", "a"} {
		subnet, err := s.backend.ec2.CreateSubnet(background(), &ec2.CreateSubnetInput{
			VpcId: &w.VPC, CidrBlock: aws.String(fmt.Sprintf("%s.%d.0/24", net, i)), AvailabilityZone: aws.String(region + zone)})
		did(t, subnet, err)
		if i < 2 {
			w.Private = append(w.Private, *subnet.Subnet.SubnetId)
		} else {
			w.Public = *subnet.Subnet.SubnetId
		}
	}
	s.openToTheInternet(t, w)
	s.createEKSCluster(t, w)
	s.cluster.kubectlWith(t, fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: %s, labels: {fargatesecurity.io/account-e2e: allowed}}
---
apiVersion: v1
kind: Namespace
metadata: {name: %s}
`, w.Namespace, w.Workload), "apply", "-f", "-")
	return w
}

func (s *suite) openToTheInternet(t *testing.T, w *world) {
	t.Helper()
	gateway, err := s.backend.ec2.CreateInternetGateway(background(), &ec2.CreateInternetGatewayInput{})
	did(t, gateway, err)
	id := gateway.InternetGateway.InternetGatewayId
	attached, err := s.backend.ec2.AttachInternetGateway(background(), &ec2.AttachInternetGatewayInput{InternetGatewayId: id, VpcId: &w.VPC})
	did(t, attached, err)
	table, err := s.backend.ec2.CreateRouteTable(background(), &ec2.CreateRouteTableInput{VpcId: &w.VPC})
	did(t, table, err)
	route, err := s.backend.ec2.CreateRoute(background(), &ec2.CreateRouteInput{
		RouteTableId: table.RouteTable.RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: id})
	did(t, route, err)
	associated, err := s.backend.ec2.AssociateRouteTable(background(), &ec2.AssociateRouteTableInput{RouteTableId: table.RouteTable.RouteTableId, SubnetId: &w.Public})
	did(t, associated, err)
}

func (s *suite) createEKSCluster(t *testing.T, w *world) {
	t.Helper()
	role, err := s.backend.iam.CreateRole(background(), &iam.CreateRoleInput{RoleName: aws.String(w.Name + "-cluster"), AssumeRolePolicyDocument: aws.String(trustOf("eks.amazonaws.com"))})
	did(t, role, err)
	created, err := s.backend.eks.CreateCluster(background(), &eks.CreateClusterInput{
		Name: &w.Name, RoleArn: role.Role.Arn, Version: aws.String("1.35"), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: w.Private}})
	did(t, created, err)
	until(t, "waiting for the EKS cluster", func() error {
		out, err := s.backend.eks.DescribeCluster(background(), &eks.DescribeClusterInput{Name: &w.Name})
		if err == nil && out.Cluster.Status != ekstypes.ClusterStatusActive {
			err = errNotYet
		}
		return err
	}, s.backend.process)
}

// applyAccount declares the AWSAccount that leads to the backend, through the proxy.
func (s *suite) applyAccount(t *testing.T) {
	t.Helper()
	s.cluster.kubectlWith(t, fmt.Sprintf(`
apiVersion: fargatesecurity.io/v1alpha1
kind: AWSAccount
metadata: {name: e2e}
spec:
  accountID: %q
  region: %s
  endpointURL: %s
  allowedNamespaces: {matchLabels: {fargatesecurity.io/account-e2e: allowed}}
  resyncInterval: 1h # what a scenario sees is what it asked for
`, account, region, s.proxy.url), "apply", "-f", "-")
	s.cluster.kubectl(t, "wait", "--for=condition=Ready", "awsaccount/e2e", waiting)
}

//go:embed testdata/profile.yaml
var profileText string

var profileTemplate = template.Must(template.New("profile").Parse(profileText))

// manifest is a profile with every section, in the world, with what the backend cannot do left out.
func (s *suite) manifest(w *world) string {
	var b bytes.Buffer
	must(profileTemplate.Execute(&b, map[string]any{
		"World":                w,
		"ClusterSecurityGroup": !s.allowFor("cluster security group"),
		"ReferenceDescription": !s.allowFor("description of a rule between groups"),
	}))
	return b.String()
}

// apply declares a profile by kubectl.
func (s *suite) apply(t *testing.T, manifest string) {
	t.Helper()
	s.cluster.kubectlWith(t, manifest, "apply", "-f", "-")
}

// waitReady waits as a person would.
func (s *suite) waitReady(t *testing.T, w *world, name string) *v1alpha1.FargateSecurityProfile {
	t.Helper()
	if _, err := s.cluster.tryKubectl("", "wait", "--for=condition=Ready", "fsp/"+name, "-n", w.Namespace, waiting); err != nil {
		t.Fatalf("%v\n%s", err, s.describe(w, name))
	}
	return s.profile(t, w, name)
}

func (s *suite) profile(t *testing.T, w *world, name string) *v1alpha1.FargateSecurityProfile {
	t.Helper()
	p, err := s.cluster.profile(w.Namespace, name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readNow asks the operator by annotation to read AWS, and returns the profile once it has.
func (s *suite) readNow(t *testing.T, w *world, name string) *v1alpha1.FargateSecurityProfile {
	t.Helper()
	s.requests++
	request := fmt.Sprintf("e2e-%d", s.requests)
	s.cluster.kubectl(t, "annotate", "fsp/"+name, "-n", w.Namespace, "--overwrite", "fargatesecurity.io/reconcile-requested-at="+request)
	if _, err := s.cluster.tryKubectl("", "wait", "fsp/"+name, "-n", w.Namespace, waiting, "--for=jsonpath={.status.lastHandledReconcileRequest}="+request); err != nil {
		t.Fatalf("%v\n%s", err, s.describe(w, name))
	}
	return s.profile(t, w, name)
}

func (s *suite) setMode(t *testing.T, w *world, name string, mode v1alpha1.Mode) {
	t.Helper()
	s.cluster.kubectl(t, "patch", "fsp/"+name, "-n", w.Namespace, "--type=merge", "-p", fmt.Sprintf(`{"spec":{"mode":%q}}`, mode))
	s.untilProfile(t, w, name, "mode "+string(mode), func(p *v1alpha1.FargateSecurityProfile) error {
		if p.Spec.Mode != mode || p.Status.ObservedGeneration != p.Generation {
			return errNotYet
		}
		return nil
	})
}

// untilProfile waits for a profile that satisfies check.
func (s *suite) untilProfile(t *testing.T, w *world, name, what string, check func(*v1alpha1.FargateSecurityProfile) error) *v1alpha1.FargateSecurityProfile {
	t.Helper()
	var p *v1alpha1.FargateSecurityProfile
	until(t, "waiting for "+what, func() error {
		var err error
		if p, err = s.cluster.profile(w.Namespace, name); err != nil {
			return err
		}
		if err := check(p); err != nil {
			return fmt.Errorf("%w\n%s", err, s.describe(w, name))
		}
		return nil
	}, s.operator.process)
	return p
}

// untilStalled waits until only a person can help, for that reason.
func (s *suite) untilStalled(t *testing.T, w *world, name, reason string) *v1alpha1.FargateSecurityProfile {
	t.Helper()
	return s.untilProfile(t, w, name, "Stalled "+reason, func(p *v1alpha1.FargateSecurityProfile) error {
		c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.StalledCondition)
		if c == nil || c.Status != metav1.ConditionTrue || c.Reason != reason {
			return errors.New("not Stalled for that reason")
		}
		return nil
	})
}

// deleteProfile deletes by kubectl and waits until Kubernetes has let it go.
func (s *suite) deleteProfile(t *testing.T, w *world, name string) {
	t.Helper()
	if _, err := s.cluster.tryKubectl("", "delete", "fsp/"+name, "-n", w.Namespace, waiting); err != nil {
		t.Fatalf("%v\n%s", err, s.describe(w, name))
	}
}

// describe prints a status for a failing test.
func (s *suite) describe(w *world, name string) string {
	p, err := s.cluster.profile(w.Namespace, name)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, c := range p.Status.Conditions {
		fmt.Fprintf(&b, "  %s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}
	for _, d := range p.Status.Drift {
		fmt.Fprintf(&b, "  drift %s %s: declared %q, observed %q\n", d.Resource, d.Path, d.Desired, d.Observed)
	}
	for _, o := range p.Status.Resources {
		fmt.Fprintf(&b, "  %s/%s %s %s\n", o.Kind, o.Name, o.State, o.Origin)
	}
	return b.String()
}

func conditionOf(p *v1alpha1.FargateSecurityProfile, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(p.Status.Conditions, kind); c != nil {
		return *c
	}
	return metav1.Condition{Type: kind, Status: "(absent)"}
}

// group is the id of a security group in the world's VPC.
func (s *suite) group(t *testing.T, w *world, name string) string {
	t.Helper()
	out, err := s.backend.ec2.DescribeSecurityGroups(background(), &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{w.VPC}}, {Name: aws.String("group-name"), Values: []string{name}}}})
	did(t, out, err)
	if len(out.SecurityGroups) != 1 {
		t.Fatalf("%d security groups are named %s in %s, want one", len(out.SecurityGroups), name, w.VPC)
	}
	return *out.SecurityGroups[0].GroupId
}
