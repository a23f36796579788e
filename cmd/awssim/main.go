// SPDX-License-Identifier: Apache-2.0

// Command awssim serves a simulated AWS account on a local port.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "awssim:", err)
		os.Exit(1)
	}
}

// settings are the command line.
type settings struct {
	listen, seed, log string
	enforce, caller   string
	awsRates          bool
	events            string
	eventsDelay       time.Duration
	options           awssim.Options
}

func parse(args []string) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("awssim", flag.ContinueOnError)
	flags.StringVar(&set.listen, "listen", "127.0.0.1:4566", "address to serve on; port 0 takes a free one")
	flags.StringVar(&set.seed, "seed", "", "YAML file with what the account holds from the start")
	flags.StringVar(&set.log, "log", "", "file that gets one JSON line for each call (default: standard output)")
	flags.StringVar(&set.enforce, "enforce", "", "file with an IAM policy: --enforced-caller may do what it allows, and nothing more")
	flags.StringVar(&set.caller, "enforced-caller", "", "ARN of the user or role that --enforce is for (default: user/operator, whose keys begin with AKIA or ASIA)")
	flags.StringVar(&set.events, "events-queue", "", "SQS queue that is made, and gets the CloudTrail event of each call that writes")
	flags.DurationVar(&set.eventsDelay, "events-delay", 0, "how long after its call an event comes")
	flags.BoolVar(&set.awsRates, "aws-rates", false, "throttle each operation at the rate that AWS documents (IAM and EKS: cautious guesses)")
	flags.StringVar(&set.options.Account, "account", awssim.DefaultAccount, "account id")
	flags.StringVar(&set.options.Region, "region", awssim.DefaultRegion, "Region of unsigned calls and of the seed")
	flags.IntVar(&set.options.PageSize, "page-size", 0, "largest page of every list; 0: AWS's own sizes")
	flags.DurationVar(&set.options.Delays.ProfileCreate, "profile-create", 2*time.Second, "how long a Fargate profile is CREATING")
	flags.DurationVar(&set.options.Delays.ProfileDelete, "profile-delete", 2*time.Second, "how long a Fargate profile is DELETING")
	flags.DurationVar(&set.options.Delays.ClusterUpdate, "cluster-update", 2*time.Second, "how long an update of a cluster takes")
	flags.DurationVar(&set.options.Delays.RolePropagation, "role-propagation", 2*time.Second, "how long until EKS believes a role's trust policy")
	if err := flags.Parse(args); err != nil {
		return set, err
	}
	if flags.NArg() > 0 {
		return set, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return set, nil
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	set, err := parse(args)
	if err != nil {
		return err
	}
	set.options.Clock = &awssim.OffsetClock{}
	set.options.Log = out
	if set.log != "" {
		file, err := os.OpenFile(set.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("cannot open the log: %w", err)
		}
		defer func() { _ = file.Close() }()
		set.options.Log = file
	}
	sim := awssim.New(set.options)
	if err := seed(sim, set.seed); err != nil {
		return err
	}
	if err := enforce(sim, set); err != nil {
		return err
	}
	if set.events != "" {
		sim.CreateQueue(set.events)
		if err := sim.SendEvents(set.events, awssim.EventOptions{Delay: set.eventsDelay}); err != nil {
			return err
		}
	}
	if set.awsRates {
		sim.SetRates(awssim.AWSRates())
	}
	listener, err := net.Listen("tcp", set.listen)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "awssim listening on http://%s\n", listener.Addr()); err != nil {
		return err
	}
	return serve(ctx, listener, sim.Handler())
}

// seed reads a seed file, if there is one, into the simulator.
func seed(sim *awssim.Sim, path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the seed: %w", err)
	}
	content, err := awssim.ParseSeed(text)
	if err != nil {
		return fmt.Errorf("seed %s: %w", path, err)
	}
	if err := sim.Seed(content); err != nil {
		return fmt.Errorf("seed %s: %w", path, err)
	}
	return nil
}

// enforce holds a caller to the policy in a file, if there is one.
func enforce(sim *awssim.Sim, set settings) error {
	if set.enforce == "" {
		return nil
	}
	policy, err := os.ReadFile(set.enforce)
	if err != nil {
		return fmt.Errorf("cannot read the policy: %w", err)
	}
	return sim.Enforce(cmp.Or(set.caller, "arn:aws:iam::"+set.options.Account+":user/operator"), string(policy))
}

// serve answers until ctx ends, then gives open calls two seconds.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		return server.Close()
	}
	return nil
}
