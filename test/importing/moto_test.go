// SPDX-License-Identifier: Apache-2.0

package importing_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/cli"
	"github.com/fargate-security/fargate-security-operator/test/processes"
)

// startMoto starts the peer that is not ours.
func startMoto(t *testing.T) (url string) {
	t.Helper()
	if os.Getenv("VIRTUAL_ENV") == "" {
		t.Fatal("VIRTUAL_ENV is not set: run `make venv` and set it to bin/venv, or use `make test`")
	}
	dir := t.TempDir()
	env := append(processes.BareEnv(dir), "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "MOTO_ACCOUNT_ID="+awssim.DefaultAccount, "PYTHONUNBUFFERED=1")
	process, err := processes.Start(dir, "moto", filepath.Join(os.Getenv("VIRTUAL_ENV"), "bin", "moto_server"), env, "-H", "127.0.0.1", "-p", "0")
	must(err)
	t.Cleanup(process.End)
	must(processes.Wait(processes.Patience, "starting moto", func() error {
		match := regexp.MustCompile(`Running on (http://[0-9.:]+)`).FindStringSubmatch(process.Text())
		if match == nil {
			return processes.ErrNotYet
		}
		url = match[1]
		return nil
	}, process))
	return url
}

// TestImportFromMoto: import reads what somebody else's stand-in for AWS holds.
func TestImportFromMoto(t *testing.T) {
	w, _ := newCommand(t)
	url := startMoto(t)
	cfg := awstest.Config(url)
	vpc, err := ec2.NewFromConfig(cfg).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	must(err)
	subnet, err := ec2.NewFromConfig(cfg).CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String("10.0.0.0/24")})
	must(err)
	role, err := iam.NewFromConfig(cfg).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("pods"), AssumeRolePolicyDocument: aws.String(ownTrust("prod"))})
	must(err)
	_, err = iam.NewFromConfig(cfg).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("pods"), PolicyName: aws.String("pull"), PolicyDocument: aws.String(pullCache)})
	must(err)
	_, err = eks.NewFromConfig(cfg).CreateCluster(t.Context(), &eks.CreateClusterInput{Name: aws.String("prod"), RoleArn: role.Role.Arn,
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: []string{*subnet.Subnet.SubnetId}}})
	must(err)
	_, err = eks.NewFromConfig(cfg).CreateFargateProfile(t.Context(), &eks.CreateFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("payments"),
		PodExecutionRoleArn: role.Role.Arn, Subnets: []string{*subnet.Subnet.SubnetId}, Selectors: []ekstypes.FargateProfileSelector{selector("payments", "tier", "backend")}})
	must(err)
	w.fargatesec(cli.ExitOK, []string{"--endpoint-url", url, "--region", awstest.Region},
		"clusterName: prod", "tier: backend", fmt.Sprintf("- %s", *subnet.Subnet.SubnetId), "name: pods", "name: pull", "managedPolicyARNs: []")
}
