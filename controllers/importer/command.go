// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// attempts of one call: a person waits, and a throttle passes.
const attempts = 10

// flags are those of the command.
type flags struct {
	genericiooptions.IOStreams
	kube *genericclioptions.ConfigFlags

	clusters, profiles   []string
	region, endpointURL  string
	account, output, dir string
	podSecurityGroups    string
	kinds                []*declaration.Kind
}

// Command returns what makes the command `import` for kinds.
func Command(kinds []*declaration.Kind, version string) func(genericiooptions.IOStreams, *genericclioptions.ConfigFlags) *cobra.Command {
	return func(streams genericiooptions.IOStreams, kube *genericclioptions.ConfigFlags) *cobra.Command {
		f := &flags{IOStreams: streams, kube: kube, kinds: kinds}
		cmd := &cobra.Command{
			Use: "import", Short: "Print the manifests for what runs in an AWS account already",
			Long: "Reads AWS with your own credentials, as the aws command finds them, and prints an AWSAccount and an object for each Fargate\n" +
				"profile: role, security groups, log group and key. It writes nothing to AWS, and nothing to the cluster. The objects are in mode\n" +
				"Observe: applied, they show no drift and change nothing. What cannot be declared is said in comments.\n\n" +
				"Exit codes: 0 when all was read, 1 for errors, and where something could not be read: what could is printed all the same.",
			Example: "  # All EKS clusters of the account and Region\n" +
				"  kubectl fargatesec import -n platform --region eu-west-1 >estate.yaml\n\n" +
				"  # One cluster with its pod security groups, one file for each object\n" +
				"  kubectl fargatesec import -n platform --eks-cluster prod --pod-security-groups=prod --output-dir estate",
			Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), version) },
		}
		cmd.Flags().StringSliceVar(&f.clusters, "eks-cluster", nil, "Only these EKS clusters. By default all of the account and Region.")
		cmd.Flags().StringSliceVar(&f.profiles, "profile", nil, "Only Fargate profiles with these names.")
		cmd.Flags().StringVar(&f.region, "region", "", "The AWS Region. By default that of the environment or of the AWS profile.")
		cmd.Flags().StringVar(&f.endpointURL, "endpoint-url", "", "Send all calls to a local stand-in for AWS, and have the AWSAccount do so too.")
		cmd.Flags().StringVar(&f.account, "account-name", "", "The name of the AWSAccount. By default aws-<account id>-<region>.")
		cmd.Flags().StringVar(&f.podSecurityGroups, "pod-security-groups", "", "The name of the EKS cluster that the kubeconfig's context leads to: its SecurityGroupPolicies say which security groups pods get.")
		cmd.Flags().StringVarP(&f.output, "output", "o", "yaml", "Output format: "+strings.Join(Formats, ", ")+". JSON has no comments: they go to standard error.")
		cmd.Flags().StringVar(&f.dir, "output-dir", "", "Write one file for each object into this directory.")
		_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(Formats, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
		return cmd
	}
}

func (f *flags) run(ctx context.Context, version string) error {
	if !slices.Contains(Formats, f.output) {
		return fmt.Errorf("--output=%s is no format (there are: %s)", f.output, strings.Join(Formats, ", "))
	}
	options, err := f.options(ctx, version)
	if err != nil {
		return err
	}
	estate, err := Import(ctx, options)
	if err != nil {
		return err
	}
	if err := f.write(estate); err != nil {
		return err
	}
	if len(estate.Missed) > 0 {
		return errors.New("these could not be read, and what is printed lacks them:\n" + strings.Join(estate.Missed, "\n"))
	}
	return nil
}

func (f *flags) write(estate *Estate) error {
	if f.dir != "" {
		return estate.WriteFiles(f.dir, f.ErrOut, f.output)
	}
	return estate.Write(f.Out, f.ErrOut, f.output)
}

func (f *flags) options(ctx context.Context, version string) (Options, error) {
	o := Options{
		Sessions: &awsapi.Sessions{Version: version, MaxAttempts: attempts},
		Kinds:    f.kinds, Clusters: f.clusters, Profiles: f.profiles, WorkloadCluster: f.podSecurityGroups, Progress: f.progress(),
	}
	var err error
	// Without a kubeconfig, it is the namespace default.
	if o.Namespace, _, err = f.kube.ToRawKubeConfigLoader().Namespace(); err != nil {
		return o, err
	}
	if f.podSecurityGroups != "" {
		if len(f.clusters) > 0 && !slices.Contains(f.clusters, f.podSecurityGroups) {
			return o, fmt.Errorf("--pod-security-groups=%s is none of --eks-cluster=%s: name the cluster that the kubeconfig's context leads to", f.podSecurityGroups, strings.Join(f.clusters, ","))
		}
		config, err := f.kube.ToRESTConfig()
		if err != nil {
			return o, fmt.Errorf("--pod-security-groups needs the cluster: %w", err)
		}
		if o.Workload, err = dynamic.NewForConfig(config); err != nil {
			return o, err
		}
	}
	if o.Config, err = o.Sessions.Caller(ctx, f.region, f.endpointURL); err != nil {
		return o, err
	}
	o.AccountName = f.account
	if o.AccountName == "" {
		o.AccountName = "aws-" + o.Config.AccountID + "-" + o.Config.Region
	}
	return o, nil
}

// progress tells what is being read, on a terminal.
func (f *flags) progress() func(string) {
	file, ok := f.ErrOut.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(what string) { _, _ = fmt.Fprintf(f.ErrOut, "reading %s\n", strings.Map(printable, what)) }
}
