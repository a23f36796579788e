// SPDX-License-Identifier: Apache-2.0

package importing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/fargate-security/fargate-security-operator/controllers/importer"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
	"github.com/fargate-security/fargate-security-operator/internal/cli"
)

// fargatesec runs the plugin, and wants an exit code and words of its output, errors included.
func (w *world) fargatesec(code int, args []string, words ...string) (out, errs string) {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &stdout, ErrOut: &stderr}
	args = append([]string{"import"}, args...)
	if got := cli.Run(args, "test", streams, nil, importer.Command(kinds.All, "test")); got != code {
		w.t.Errorf("import %q: exit code %d, not %d\n%s%s", args, got, code, stdout.String(), stderr.String())
	}
	flat := strings.Join(strings.Fields(strings.ReplaceAll(stdout.String(), "\n#  ", "")+stderr.String()), " ")
	for _, word := range words {
		if !strings.Contains(flat, word) {
			w.t.Errorf("import %q does not say %q:\n%s%s", args, word, stdout.String(), stderr.String())
		}
	}
	return stdout.String(), stderr.String()
}

// newCommand is a world with two profiles, and an environment without any configuration of this machine's.
func newCommand(t *testing.T) (w *world, args []string) {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"HOME": dir, "KUBECONFIG": filepath.Join(dir, "none"), "AWS_CONFIG_FILE": filepath.Join(dir, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	w, end := newWorld(t)
	t.Cleanup(end)
	must(w.sim.Enforce(operatorCaller, awsapi.ImportPolicy()))
	w.profile(profile{name: "payments", role: w.defaultRole("payments"), selectors: []ekstypes.FargateProfileSelector{selector("payments")}})
	w.profile(profile{name: "orders", role: w.defaultRole("orders"), selectors: []ekstypes.FargateProfileSelector{selector("orders")}})
	return w, []string{"--endpoint-url", w.url, "--region", awssim.DefaultRegion, "-n", w.ns}
}

func TestImportPrintsWithoutAKubeconfig(t *testing.T) {
	w, args := newCommand(t)
	out, errs := w.fargatesec(cli.ExitOK, args, "name: aws-111122223333-eu-west-1", "name: payments", "name: orders", "Import again with --pod-security-groups")
	if errs != "" {
		t.Errorf("standard error is no terminal, and holds:\n%s", errs)
	}
	if again, _ := w.fargatesec(cli.ExitOK, args); again != out {
		t.Error("the same account is printed in two ways")
	}
	one, _ := w.fargatesec(cli.ExitOK, append(args, "--profile=orders", "--eks-cluster=prod", "--account-name=mine"), "name: mine")
	if strings.Contains(one, "name: payments") {
		t.Errorf("a profile that was not asked for is printed:\n%s", one)
	}
	if writes := w.writes(); len(writes) > 0 {
		t.Errorf("import has written to AWS: %v", writes)
	}
}

func TestImportWritesJSON(t *testing.T) {
	w, args := newCommand(t)
	out, errs := w.fargatesec(cli.ExitOK, append(args, "-o", "json"))
	var list struct {
		Kind  string
		Items []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || list.Kind != "List" || len(list.Items) != 3 {
		t.Errorf("%v: not a List of three objects:\n%s", err, out)
	}
	if !strings.Contains(errs, "fargatesecurityprofile-payments:\n# - ") {
		t.Errorf("the notes are not on standard error:\n%s", errs)
	}
}

func TestImportWritesOneFileForEachObject(t *testing.T) {
	w, args := newCommand(t)
	dir := filepath.Join(t.TempDir(), "estate")
	args = append(args, "--output-dir", dir)
	w.fargatesec(cli.ExitOK, args)
	files, err := os.ReadDir(dir)
	must(err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if got := strings.Join(names, " "); got != "awsaccount-aws-111122223333-eu-west-1.yaml fargatesecurityprofile-orders.yaml fargatesecurityprofile-payments.yaml" {
		t.Errorf("the files are %s", got)
	}
	w.fargatesec(cli.ExitError, args, "fargatesecurityprofile-payments.yaml is there already")
}

// TestImportOfWhatMayNotBeRead: what is missing is said, in comments and on standard error, and the rest is printed.
func TestImportOfWhatMayNotBeRead(t *testing.T) {
	for action, want := range map[string]string{
		"iam:GetAccountAuthorizationDetails": "IAMRole/prod-payments-fargate",
		"iam:GetPolicy":                      "IAMRole/prod-payments-fargate",
		"logs:DescribeLogGroups":             "LogGroup//aws/eks/prod/fargate/payments",
		"ec2:DescribeSubnets":                "FargateProfile/payments",
		"eks:DescribeCluster":                "EKSCluster/prod",
	} {
		t.Run(action, func(t *testing.T) {
			w, args := newCommand(t)
			w.sim.Deny(action)
			out, errs := w.fargatesec(cli.ExitError, args, "name: payments", want, action, "your IAM policy (docs/import.md)")
			if !strings.Contains(errs, want) || !strings.Contains(out, "# - These could not be read") {
				t.Errorf("it is not said in both places:\n%s%s", out, errs)
			}
		})
	}
	w, args := newCommand(t)
	w.sim.Deny("eks:ListClusters")
	w.fargatesec(cli.ExitError, args, "listing the EKS clusters: eks:ListClusters", "with --eks-cluster, none need be listed")
	w.fargatesec(cli.ExitOK, append(args, "--eks-cluster=prod"), "name: payments")
	w.sim.Deny("eks:ListFargateProfiles")
	w.fargatesec(cli.ExitError, append(args, "--eks-cluster=prod"), "Fargate profiles of cluster prod: eks:ListFargateProfiles", "kind: AWSAccount")
}

func TestImportOfWhatIsNotThere(t *testing.T) {
	w, args := newCommand(t)
	w.fargatesec(cli.ExitError, append(args, "--eks-cluster=none"), "cluster none: account 111122223333 has no EKS cluster of that name in eu-west-1")
	w.fargatesec(cli.ExitError, append(args, "--eks-cluster=none,prod"), "cluster none: account", "name: payments")
	w.fargatesec(cli.ExitError, append(args, "--profile=none,orders"), "the profile none: there is none of that name", "name: orders")
	w.fargatesec(cli.ExitError, append(args, "-o", "toml"), "--output=toml is no format (there are: yaml, json)")
	w.fargatesec(cli.ExitError, append(args, "surplus"), "unknown command")
	w.fargatesec(cli.ExitError, []string{"--endpoint-url", w.url}, "no AWS Region: give --region, or set AWS_REGION")
	w.fargatesec(cli.ExitError, append(args, "--pod-security-groups=prod", "--kubeconfig", filepath.Join(t.TempDir(), "none")), "none: no such file")
	w.fargatesec(cli.ExitError, append(args, "--pod-security-groups=prod", "--eks-cluster=stage"), "--pod-security-groups=prod is none of --eks-cluster=stage")
}

func TestImportWithoutCredentials(t *testing.T) {
	w, args := newCommand(t)
	w.sim.Fail("sts:GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired", http.StatusForbidden, 1)
	w.fargatesec(cli.ExitError, args, "AWS credentials are missing, expired or refused", "aws sso login")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	w.fargatesec(cli.ExitError, args, "AWS credentials are missing, expired or refused", "aws sts get-caller-identity")
}

// TestImportWaitsOutAThrottle: a call that AWS throttles for a while is made again.
func TestImportWaitsOutAThrottle(t *testing.T) {
	w, args := newCommand(t)
	w.sim.Fail("eks:DescribeFargateProfile", "ThrottlingException", "Rate exceeded", http.StatusTooManyRequests, 2)
	w.fargatesec(cli.ExitOK, args, "name: payments", "name: orders")
}

func TestImportReadsPodSecurityGroupsByTheKubeconfig(t *testing.T) {
	w, args := newCommand(t)
	w.policy("of-people", allPods, w.group("web", "web", nil, nil))
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	must(clientcmd.WriteToFile(api.Config{
		CurrentContext: "test", Contexts: map[string]*api.Context{"test": {Cluster: "test", AuthInfo: "admin"}},
		Clusters:  map[string]*api.Cluster{"test": {Server: "https://" + strings.TrimPrefix(config.Host, "https://"), CertificateAuthorityData: config.CAData}},
		AuthInfos: map[string]*api.AuthInfo{"admin": {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}},
	}, kubeconfig))
	w.profile(profile{name: "groups", role: w.defaultRole("groups"), selectors: []ekstypes.FargateProfileSelector{selector(w.pods)}})
	w.fargatesec(cli.ExitOK, append(args, "--kubeconfig", kubeconfig, "--pod-security-groups=prod"), "securityGroups:", "name: web",
		fmt.Sprintf("the SecurityGroupPolicy %s/of-people stays as it is", w.pods))
}

// TestNothingInAWSEndsAComment: a value with line breaks, of whatever kind, stays within its comment.
func TestNothingInAWSEndsAComment(t *testing.T) {
	w, args := newCommand(t)
	w.profile(profile{name: "sly", selectors: []ekstypes.FargateProfileSelector{selector("sly")}, role: w.role(role{name: "sly", trust: ownTrust("prod"), managed: []string{executionPolicy},
		tags: map[string]string{"fargatesecurity.io/owner": "a b"}})})
	must(w.sim.SetProfileHealth("prod", "sly", "CREATE_FAILED", "AccessDenied", "first\nkind: Secret\r\nsecond\u2028kind: Secret\u0085kind: Secret"))
	out, _ := w.fargatesec(cli.ExitOK, args, "CREATE_FAILED")
	for line := range strings.FieldsFuncSeq(out, func(r rune) bool { return strings.ContainsRune("\n\r\u2028\u0085", r) }) {
		if strings.HasPrefix(line, "kind: Secret") {
			t.Errorf("a comment has ended:\n%s", out)
		}
	}
}
