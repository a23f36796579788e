// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/cli/plan"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
)

// markdown is the format of --output for a comment on a pull request.
const markdown = "markdown"

var (
	// errChanges makes the exit code; what there is to say was printed.
	errChanges = errors.New("there are changes")
	// errHeld: something that is declared cannot be done, which was printed.
	errHeld = errors.New("something that is declared will not be done: see above")
)

// planning is the plan command's own flags.
type planning struct {
	files   resource.FilenameOptions
	prune   bool
	options plan.Options
}

func (o *options) planCommand(newPlanner plan.NewPlanner, version string) *cobra.Command {
	p := planning{options: plan.Options{Version: version}}
	cmd := &cobra.Command{
		Use: "plan -f FILE|DIRECTORY|-", Short: "What applying manifests would change in AWS, before anything is applied",
		Long: "Says what the operator would do in AWS if these manifests were applied: field by field, creations, adoptions and deletions\n" +
			"included. It works as the operator does, with your own AWS credentials (as the AWS CLI finds them), and only reads. The API\n" +
			"server checks each manifest in a dry run.\n\n" +
			"An AWSAccount among the manifests counts in place of the one in the cluster. Your credentials must be of its account; with\n" +
			"--assume-roles they need only be able to assume its spec.assumeRole.\n\n" +
			"A plan cannot foresee a call that AWS will refuse.\n\n" +
			"Exit codes: 0 nothing would change, 2 something would, 1 for errors, and where something that is declared would not be done.",
		Example: "  # Before a commit\n" +
			"  kubectl fargatesec plan -f manifests/\n\n" +
			"  # For a comment on a pull request\n" +
			"  kustomize build overlays/prod | kubectl fargatesec plan -f - -o markdown\n\n" +
			"  # Also what would be deleted: objects with these labels that the manifests do not have\n" +
			"  kubectl fargatesec plan -f manifests/ --prune -l team=payments",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.output != markdown {
				if err := o.checkOutput(); err != nil {
					return err
				}
			}
			if err := p.check(o.selector); err != nil {
				return err
			}
			return o.plan(cmd.Context(), newPlanner, &p)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&p.files.Filenames, "filename", "f", nil, "File, directory or URL with manifests; - for standard input.")
	flags.BoolVarP(&p.files.Recursive, "recursive", "R", false, "Look into the directories of a directory.")
	flags.StringVarP(&p.files.Kustomize, "kustomize", "k", "", "Directory of a kustomization, in place of --filename.")
	flags.BoolVar(&p.prune, "prune", false, "Plan the deletion of the objects with the labels of --selector that the manifests do not have, in the namespaces of the manifests.")
	flags.StringVarP(&o.selector, "selector", "l", "", "With --prune: the labels, e.g. team=payments.")
	flags.BoolVar(&p.options.AssumeRoles, "assume-roles", false, "Assume spec.assumeRole of the AWSAccount, as the operator does.")
	flags.StringVar(&p.options.OperatorID, "operator-id", "", "The operator's own --operator-id, where it has one.")
	flags.StringVar(&p.options.OperatorNamespace, "operator-namespace", "fargate-security-system", "The namespace that the operator runs in.")
	o.outputFlags(cmd)
	cmd.Flags().Lookup("output").Usage = "Output format: " + strings.Join(append([]string{markdown}, o.formats()...), ", ") + "."
	return cmd
}

func (p *planning) check(selector string) error {
	if err := p.files.RequireFilenameOrKustomize(); err != nil {
		return fmt.Errorf("no manifests are named: use -f FILE, -f DIRECTORY, -f - or -k DIRECTORY (%w)", err)
	}
	if p.prune != (selector != "") {
		return errors.New("--prune and --selector go together: --prune -l team=payments plans the deletion of what has these labels and is not in the manifests")
	}
	return nil
}

func (o *options) plan(ctx context.Context, newPlanner plan.NewPlanner, p *planning) error {
	c, err := connect(o.flags, false, o.selector)
	if err != nil {
		return err
	}
	wanted, err := o.manifests(ctx, c, p)
	if err != nil {
		return err
	}
	config, err := o.flags.ToRESTConfig()
	if err != nil {
		return err
	}
	planner, err := newPlanner(ctx, config, p.options)
	if err != nil {
		return err
	}
	list, failed := planAll(ctx, planner, wanted)
	if failed != nil && len(list) == 0 {
		return failed
	}
	if err := errors.Join(failed, o.writePlan(list)); err != nil {
		return err
	}
	return planVerdict(list)
}

// planAll plans for each object. What cannot be planned for is said at the end, and the others are planned for all the same.
func planAll(ctx context.Context, planner plan.Planner, wanted []proposal) (list []plan.For, err error) {
	for _, w := range wanted {
		made, failed := planner.Plan(ctx, w.object, w.deleted)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s %s/%s: %w", w.object.GetKind(), w.object.GetNamespace(), w.object.GetName(), failed))
			continue
		}
		mode, _, _ := unstructured.NestedString(w.object.Object, "spec", "mode")
		list = append(list, plan.For{Plan: made, Kind: w.object.GetKind(), Namespace: w.object.GetNamespace(), Name: w.object.GetName(), Mode: mode, Deleted: w.deleted})
	}
	return list, err
}

// planVerdict is the exit code, as an error.
func planVerdict(list []plan.For) error {
	switch {
	case slices.ContainsFunc(list, func(p plan.For) bool { return p.Held() > 0 }):
		return errHeld
	case slices.ContainsFunc(list, plan.For.Acts):
		return errChanges
	}
	return nil
}

func (o *options) writePlan(list []plan.For) error {
	if o.output == markdown {
		_, err := fmt.Fprint(o.Out, plan.Markdown(list))
		return err
	}
	return o.write(func(w *strings.Builder, l style.Look) { plan.Render(w, l, list) }, func() (runtime.Object, error) { return structured("PlanReport", plan.Report(list)) })
}

// proposal is an object as it would be in the cluster, or one that would be deleted.
type proposal struct {
	object  *unstructured.Unstructured
	deleted bool
}

// manifests reads the manifests, has the API server check them, and takes the accounts out.
func (o *options) manifests(ctx context.Context, c *cluster, p *planning) ([]proposal, error) {
	namespace, enforce, err := o.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	infos, err := resource.NewBuilder(o.flags).Unstructured().Flatten().
		NamespaceParam(namespace).DefaultNamespace().FilenameParam(enforce, &p.files).Do().Infos()
	if err != nil {
		return nil, err
	}
	var wanted []proposal
	var errs error
	for _, info := range infos {
		obj := info.Object.(*unstructured.Unstructured) // the builder's Unstructured says so
		declares, account := c.isOurs(obj.GroupVersionKind())
		if !declares && !account {
			continue
		}
		checked, err := dryRun(ctx, c.dynamic.Resource(info.Mapping.Resource).Namespace(info.Namespace), obj)
		switch {
		case err != nil:
			errs = errors.Join(errs, fmt.Errorf("%s: %w", info.Source, err))
		case account:
			p.options.Accounts = append(p.options.Accounts, checked)
		default:
			wanted = append(wanted, proposal{object: checked})
		}
	}
	if len(wanted) == 0 && errs == nil && len(p.options.Accounts) == 0 {
		errs = fmt.Errorf("none of the %d objects of the manifests is of a kind of the operator", len(infos))
	}
	if errs == nil && p.prune {
		return o.pruned(ctx, c, wanted)
	}
	return wanted, errs
}

// isOurs tells that a kind declares AWS objects, or that it is the AWSAccount.
func (c *cluster) isOurs(gvk schema.GroupVersionKind) (declares, account bool) {
	declares = slices.ContainsFunc(c.kinds, func(k kind) bool { return k.Kind == gvk.Kind && k.GroupVersionResource.Group == gvk.Group })
	return declares, gvk.Group == v1alpha1.GroupVersion.Group && gvk.Kind == "AWSAccount"
}

// dryRun has the API server say what an object would be: its defaults, its rules, and the status that it has.
func dryRun(ctx context.Context, to dynamic.ResourceInterface, obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	all := []string{metav1.DryRunAll}
	live, err := to.Get(ctx, obj.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return to.Create(ctx, obj, metav1.CreateOptions{DryRun: all, FieldManager: fieldManager, FieldValidation: metav1.FieldValidationStrict})
	}
	if err != nil {
		return nil, err
	}
	live.Object["spec"] = obj.Object["spec"]
	return to.Update(ctx, live, metav1.UpdateOptions{DryRun: all, FieldManager: fieldManager, FieldValidation: metav1.FieldValidationStrict})
}

// pruned adds the objects that the manifests do not have.
func (o *options) pruned(ctx context.Context, c *cluster, wanted []proposal) ([]proposal, error) {
	var namespaces []string
	for _, w := range wanted {
		namespaces = append(namespaces, w.object.GetNamespace())
	}
	slices.Sort(namespaces)
	all := slices.Clone(wanted)
	for _, k := range c.kinds {
		for _, namespace := range slices.Compact(slices.Clone(namespaces)) {
			list, err := c.dynamic.Resource(k.GroupVersionResource).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: o.selector})
			if err != nil {
				return nil, err
			}
			for i := range list.Items {
				obj := &list.Items[i]
				if !slices.ContainsFunc(wanted, func(w proposal) bool {
					return w.object.GetKind() == obj.GetKind() && w.object.GetNamespace() == namespace && w.object.GetName() == obj.GetName()
				}) {
					all = append(all, proposal{obj, true})
				}
			}
		}
	}
	return all, nil
}
