// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
)

// changeFlags are those of commands that change objects: they must be told which.
func (o *options) changeFlags(cmd *cobra.Command, all *bool) {
	o.selectFlags(cmd)
	cmd.Flags().BoolVar(all, "all", false, "All objects of the namespace; with --all-namespaces, of the cluster.")
}

// eachNamed loads what is named and does something with each object. One that fails keeps none of the others from it.
func (o *options) eachNamed(ctx context.Context, args []string, all bool, do func(*cluster, target) error) error {
	if !all && o.selector == "" && len(args) == 0 {
		return errors.New("name the objects, choose them by --selector, or say --all")
	}
	c, err := connect(o.flags, o.allNamespaces, o.selector)
	if err != nil {
		return err
	}
	if _, isKind := c.find(first(args)); isKind && len(args) == 1 && !all && o.selector == "" {
		return fmt.Errorf("name the %s, choose them by --selector, or say --all", args[0])
	}
	targets, err := c.load(ctx, args)
	errs := []error{err}
	if len(targets) == 0 && err == nil {
		errs = append(errs, errors.New("there is no such object"))
	}
	for _, t := range targets {
		errs = append(errs, do(c, t))
	}
	return errors.Join(errs...)
}

func (o *options) reconcileCommand() *cobra.Command {
	var all, wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "reconcile" + chosen, Short: "Have the operator read AWS at once, and wait for the answer",
		Long: "Sets the annotation " + v1alpha1.ReconcileRequestAnnotation + " and waits until status.lastHandledReconcileRequest echoes it.\n" + changeHow,
		Example: "  # Read AWS for one object now\n" +
			"  kubectl fargatesec reconcile payments -n platform",
		RunE: func(cmd *cobra.Command, args []string) error {
			value := o.now().UTC().Format(time.RFC3339Nano)
			var asked []target
			var in *cluster
			err := o.eachNamed(cmd.Context(), args, all, func(c *cluster, t target) error {
				err := c.request(cmd.Context(), t, value)
				if err == nil {
					in, asked = c, append(asked, t)
				}
				return err
			})
			if !wait {
				for _, t := range asked {
					_, _ = fmt.Fprintf(o.Out, "%s: asked for\n", t.full())
				}
				return err
			}
			ctx, stop := context.WithTimeoutCause(cmd.Context(), timeout, fmt.Errorf("waited for %s", timeout))
			defer stop()
			for _, t := range asked {
				done, failed := in.answered(ctx, t, value)
				if err = errors.Join(err, failed); failed == nil {
					_, _ = fmt.Fprintf(o.Out, "%s: read; %s\n", t.full(), outcome(done))
				}
			}
			return err
		},
	}
	o.changeFlags(cmd, &all)
	cmd.Flags().BoolVar(&wait, "wait", true, "Wait for the answer.")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "How long to wait for all answers together.")
	return cmd
}

// outcome is an object's state in a line.
func outcome(o *Object) string {
	text := "Ready is not known"
	if c := o.condition(v1alpha1.ReadyCondition); c != nil {
		text = fmt.Sprintf("Ready %s (%s): %s", c.Status, c.Reason, style.Printable(c.Message))
	}
	return style.Count(o.driftCount(), "difference") + ", " + text
}

func (o *options) suspendCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "suspend" + chosen, Short: "Set mode Suspend: AWS is neither read nor written",
		Long: "Sets spec.mode to Suspend, and notes the mode of before for `resume`. Where Git manages the object, change it there: a sync would\n" +
			"put the mode back.\n" + changeHow,
		Example: "  # Leave one object alone for now\n" +
			"  kubectl fargatesec suspend payments -n platform",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.eachNamed(cmd.Context(), args, all, func(c *cluster, t target) error {
				changed, err := c.suspend(cmd.Context(), t)
				if err == nil {
					_, _ = fmt.Fprintf(o.Out, "%s: %s\n", t.full(), map[bool]string{true: "suspended, was " + string(t.Spec.Mode), false: "is suspended already"}[changed])
				}
				return err
			})
		},
	}
	o.changeFlags(cmd, &all)
	return cmd
}

func (o *options) resumeCommand() *cobra.Command {
	var all bool
	var mode string
	cmd := &cobra.Command{
		Use: "resume" + chosen, Short: "Put back the mode that suspend took an object out of",
		Long: "Sets spec.mode to what it was before `suspend`, or to --mode. In Enforce, what drifted meanwhile is repaired at once.\n" + changeHow,
		Example: "  # Look first: report drift, and change nothing in AWS\n" +
			"  kubectl fargatesec resume payments -n platform --mode=Observe",
		RunE: func(cmd *cobra.Command, args []string) error {
			if mode != "" && mode != string(v1alpha1.ModeEnforce) && mode != string(v1alpha1.ModeObserve) {
				return fmt.Errorf("--mode=%s: expected Enforce or Observe", mode)
			}
			return o.eachNamed(cmd.Context(), args, all, func(c *cluster, t target) error {
				set, err := c.resume(cmd.Context(), t, v1alpha1.Mode(mode))
				if err != nil {
					return err
				}
				if set == "" {
					_, _ = fmt.Fprintf(o.Out, "%s: is not suspended, its mode is %s\n", t.full(), t.Spec.Mode)
					return nil
				}
				_, _ = fmt.Fprintf(o.Out, "%s: resumed, mode %s\n", t.full(), set)
				return nil
			})
		},
	}
	o.changeFlags(cmd, &all)
	cmd.Flags().StringVar(&mode, "mode", "", "The mode to set, Enforce or Observe. By default the one of before.")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"Enforce", "Observe"}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
	return cmd
}
