// SPDX-License-Identifier: Apache-2.0

// Package cli is the kubectl plugin `kubectl fargatesec`: what it reads (cluster.go), what it changes (change.go), how that looks
// (render.go for people, structured.go for programs: both pure), and the commands. It knows no kind by name: it asks the API
// server which kinds are of the category fargate, and reads what all of them share.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/fargate-security/fargate-security-operator/internal/cli/plan"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
)

// The exit codes.
const (
	ExitOK    = 0
	ExitError = 1
	// ExitDrift: there is drift, or a plan would change something.
	ExitDrift = 2
)

// errDrift makes the exit code; what there is to say was printed.
var errDrift = errors.New("there is drift")

// options are what the commands share.
type options struct {
	genericiooptions.IOStreams
	flags    *genericclioptions.ConfigFlags
	json     *genericclioptions.JSONYamlPrintFlags
	template *genericclioptions.KubeTemplatePrintFlags
	now      func() time.Time

	output, selector string
	allNamespaces    bool
}

// Run runs the plugin, and returns its exit code.
func Run(args []string, version string, streams genericiooptions.IOStreams, newPlanner plan.NewPlanner, more ...More) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := NewCommand(streams, version, newPlanner, more...)
	root.Version = version
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errDrift), errors.Is(err, errChanges):
		return ExitDrift
	default:
		_, _ = fmt.Fprintln(streams.ErrOut, "error: "+strings.ReplaceAll(err.Error(), "\n", "\nerror: "))
		return ExitError
	}
}

// More makes a command that this package cannot know, since it needs the kinds' own code.
type More func(genericiooptions.IOStreams, *genericclioptions.ConfigFlags) *cobra.Command

// NewCommand is the plugin's command with all that is below it.
func NewCommand(streams genericiooptions.IOStreams, version string, newPlanner plan.NewPlanner, more ...More) *cobra.Command {
	o := &options{IOStreams: streams, flags: genericclioptions.NewConfigFlags(true), json: genericclioptions.NewJSONYamlPrintFlags(),
		template: genericclioptions.NewKubeTemplatePrintFlags(), now: time.Now}
	root := &cobra.Command{
		Use:   "kubectl-fargatesec",
		Short: "What the Fargate Security Operator found in AWS, and what it does about it",
		Long: "Shows what differs in AWS from what is declared, what is linked to what, and the posture, for every kind that the\n" +
			"Fargate Security Operator serves in the cluster.",
		SilenceErrors: true, SilenceUsage: true,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl fargatesec"},
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	o.flags.AddFlags(root.PersistentFlags())
	o.completeFlags(root)
	root.AddCommand(o.driftCommand(), o.treeCommand(), o.explainCommand(), o.postureCommand(), o.reconcileCommand(), o.suspendCommand(), o.resumeCommand(),
		o.planCommand(newPlanner, version))
	for _, command := range more {
		root.AddCommand(command(streams, o.flags))
	}
	return root
}

// chosen is how objects are named on the command line, for Use and Long.
const (
	chosen    = " [KIND] [NAME...]"
	named     = "Objects are named by NAME (of any kind), KIND NAME, or KIND/NAME, as with kubectl get"
	chosenHow = named + "; without a name, all of the namespace are shown."
	changeHow = named + ", or chosen by --selector or --all."
)

func (o *options) selectFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Look in all namespaces.")
	cmd.Flags().StringVarP(&o.selector, "selector", "l", "", "Only objects with these labels, e.g. team=payments.")
	cmd.ValidArgsFunction = o.completeObjects
}

func (o *options) outputFlags(cmd *cobra.Command) {
	formats := o.formats()
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "Output format: "+strings.Join(formats, ", ")+".")
	o.template.AddFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
}

// load reads the objects that the arguments name.
func (o *options) load(ctx context.Context, args []string) (*cluster, []target, error) {
	c, err := connect(o.flags, o.allNamespaces, o.selector)
	if err != nil {
		return nil, nil, err
	}
	targets, err := c.load(ctx, args)
	if len(targets) == 0 && err == nil {
		where := "all namespaces"
		if c.namespace != "" {
			where = "namespace " + c.namespace
		}
		_, _ = fmt.Fprintf(o.ErrOut, "No objects found in %s.\n", where)
	}
	return c, targets, err
}

// look is how text is to be written to the output.
func (o *options) look() style.Look {
	file, ok := o.Out.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	_, no := os.LookupEnv("NO_COLOR")
	return style.Look{Colour: colours(terminal, no && os.Getenv("NO_COLOR") != "", os.Getenv("TERM")), Wide: o.output == "wide"}
}

// colours: on a terminal, unless NO_COLOR is set and not empty (https://no-color.org), or the terminal has none.
func colours(terminal, noColour bool, termName string) bool {
	return terminal && !noColour && termName != "dumb"
}

// write writes text for people, or what programs read, as --output says.
func (o *options) write(forPeople func(*strings.Builder, style.Look), forPrograms func() (runtime.Object, error)) error {
	if o.output == "" || o.output == "wide" {
		var text strings.Builder
		forPeople(&text, o.look())
		_, err := fmt.Fprint(o.Out, text.String())
		return err
	}
	obj, err := forPrograms()
	if err != nil {
		return err
	}
	printer, err := o.printer()
	if err != nil {
		return err
	}
	return printer.PrintObj(obj, o.Out)
}

// printer is what --output says, for the formats that programs read.
func (o *options) printer() (printers.ResourcePrinter, error) {
	printer, err := o.json.ToPrinter(o.output)
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return o.template.ToPrinter(o.output)
	}
	return printer, err
}

// formats lists what --output takes.
func (o *options) formats() []string {
	return slices.Concat([]string{"wide"}, o.json.AllowedFormats(), o.template.AllowedFormats())
}

// checkOutput refuses an unknown format before anything is asked of the cluster.
func (o *options) checkOutput() error {
	if o.output == "" || o.output == "wide" {
		return nil
	}
	_, err := o.printer()
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		formats := o.formats()
		return fmt.Errorf("--output=%s is no format%s (there are: %s)", o.output, style.DidYouMean(o.output, formats), strings.Join(formats, ", "))
	}
	return err
}

func (o *options) treeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tree" + chosen, Short: "What is linked to what, with state, origin and owner",
		Long: "Shows each account, the objects that use it, and the AWS objects of each in dependency order: each may need those above it.\n" + chosenHow,
		Example: "  # All that is linked, in all namespaces, with ARNs\n" +
			"  kubectl fargatesec tree -A -o wide",
		RunE: o.show(RenderTree, treeReport),
	}
	o.selectFlags(cmd)
	o.outputFlags(cmd)
	return cmd
}

func (o *options) postureCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "posture" + chosen, Short: "The posture score of each object, and the controls that failed",
		Long: "Shows the posture score of each object, and what the controls that failed ask. `explain CONTROL` says how to fix one.\n" + chosenHow,
		Example: "  # The posture of a namespace\n" +
			"  kubectl fargatesec posture -n platform",
		RunE: o.show(RenderPosture, postureReport),
	}
	o.selectFlags(cmd)
	o.outputFlags(cmd)
	return cmd
}

// show reads objects and writes them. What could be read is written, whatever else could not.
func (o *options) show(text func(w *strings.Builder, l style.Look, objects []*Object), report func([]*Object) (runtime.Object, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := o.checkOutput(); err != nil {
			return err
		}
		_, targets, err := o.load(cmd.Context(), args)
		if len(targets) == 0 && (err != nil || o.output == "" || o.output == "wide") {
			return err
		}
		list := objects(targets)
		return errors.Join(err, o.write(func(w *strings.Builder, l style.Look) { text(w, l, list) }, func() (runtime.Object, error) { return report(list) }))
	}
}

func (o *options) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain [CONTROL]", Short: "What a posture control looks at, and how to fix what it finds",
		Long: "Explains a posture control; without one, lists them all. It needs no cluster.",
		Example: "  # Why ingress rules fail\n" +
			"  kubectl fargatesec explain EC2.18",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.checkOutput(); err != nil {
				return err
			}
			list := controls.Catalogue()
			if len(args) == 0 {
				return o.write(func(w *strings.Builder, l style.Look) { RenderControls(w, l, list) }, func() (runtime.Object, error) { return controlReport(list) })
			}
			found, err := control(args[0])
			if err != nil {
				return err
			}
			return o.write(func(w *strings.Builder, l style.Look) { RenderControl(w, l, found) }, func() (runtime.Object, error) { return controlReport([]controls.Control{found}) })
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, c := range controls.Catalogue() {
				ids = append(ids, cobra.CompletionWithDesc(c.ID, c.Title))
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	o.outputFlags(cmd)
	return cmd
}

// control finds a control by its id, in whatever case.
func control(id string) (controls.Control, error) {
	var ids []string
	for _, c := range controls.Catalogue() {
		if strings.EqualFold(c.ID, id) {
			return c, nil
		}
		ids = append(ids, c.ID)
	}
	return controls.Control{}, fmt.Errorf("there is no control %q%s (`kubectl fargatesec explain` lists them)", id, style.DidYouMean(id, ids))
}
