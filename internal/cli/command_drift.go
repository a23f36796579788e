// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
)

func (o *options) driftCommand() *cobra.Command {
	var watching bool
	cmd := &cobra.Command{
		Use: "drift" + chosen, Short: "What differs in AWS from what is declared: since when, by whom, and what happens next",
		Long: "Shows each field that differs from its declaration. It reads what the operator wrote in status, and not AWS itself: `reconcile`\n" +
			"has the operator read AWS at once.\n" + chosenHow + "\n\n" +
			"Exit codes: 0 without drift, 2 with drift, 1 for errors, and where it is not known whether an object drifts.",
		Example: "  # The drift of a namespace\n" +
			"  kubectl fargatesec drift -n platform\n\n" +
			"  # In a pipeline: exit code 2 when there is drift\n" +
			"  kubectl fargatesec drift -A -o json\n\n" +
			"  # As it changes\n" +
			"  kubectl fargatesec drift --watch payments",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.checkOutput(); err != nil {
				return err
			}
			c, targets, err := o.load(cmd.Context(), args)
			list := objects(targets)
			if len(list) > 0 || err == nil && o.output != "" && o.output != "wide" {
				err = errors.Join(err, o.writeDrift(list))
			}
			if err == nil && watching {
				return o.watchDrift(cmd.Context(), c, targets, args)
			}
			return errors.Join(err, verdictOf(list))
		},
	}
	o.selectFlags(cmd)
	o.outputFlags(cmd)
	cmd.Flags().BoolVarP(&watching, "watch", "w", false, "After that, show each object whose drift changes, until interrupted. The exit code is that of the end.")
	return cmd
}

func (o *options) writeDrift(list []*Object) error {
	return o.write(func(w *strings.Builder, l style.Look) { RenderDrift(w, l, list, o.now()) }, func() (runtime.Object, error) { return driftReport(list) })
}

// verdictOf is the exit code of drift, as an error. Where nothing is known, a pipeline must not go on as if all were well.
func verdictOf(list []*Object) error {
	var unknown []string
	for _, o := range list {
		if o.driftCount() > 0 {
			return errDrift
		}
		if !o.current() {
			unknown = append(unknown, o.full())
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("AWS was not read yet, or not since the last edit, for %s: whether there is drift is not known", strings.Join(unknown, ", "))
	}
	return nil
}

// watchDrift shows each object whose drift is not what was shown last.
func (o *options) watchDrift(ctx context.Context, c *cluster, targets []target, args []string) error {
	shown, kinds, byName := map[types.UID]*Object{}, c.kinds, false
	for _, t := range targets {
		shown[t.UID] = t.Object
	}
	if k, ok := c.find(first(args)); ok {
		kinds, byName = []kind{k}, len(args) > 1
	} else if byName = len(args) > 0; byName {
		kinds = kindsOf(targets)
	}
	changes := make(chan change)
	ended := make(chan error, 1)
	go func() { ended <- c.follow(ctx, kinds, changes) }()
	for {
		select {
		case err := <-ended:
			var last []*Object
			for _, obj := range shown {
				last = append(last, obj)
			}
			return errors.Join(err, verdictOf(last))
		case ch := <-changes:
			before := shown[ch.UID]
			if byName && before == nil {
				continue
			}
			if ch.gone {
				delete(shown, ch.UID)
				_, _ = fmt.Fprintf(o.ErrOut, "%s is gone\n", ch.full())
				continue
			}
			if shown[ch.UID] = ch.Object; before != nil && sameDrift(before, ch.Object) {
				continue
			}
			if err := o.writeDrift([]*Object{ch.Object}); err != nil {
				return err
			}
		}
	}
}

// sameDrift tells that two states of an object would be shown alike.
func sameDrift(a, b *Object) bool {
	return reflect.DeepEqual(a.Status.Drift, b.Status.Drift) && a.driftCount() == b.driftCount() && a.Spec.Mode == b.Spec.Mode &&
		slices.Equal(a.notes(), b.notes())
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
