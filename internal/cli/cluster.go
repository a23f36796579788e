// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
)

// category is that of all kinds of the operator: the API server tells which kinds it has, so that the plugin need not be newer
// than the operator to know a kind.
const category = "fargate"

// kind is a kind that declares AWS objects, as the API server tells of it.
type kind struct {
	schema.GroupVersionResource
	metav1.APIResource
}

// words are all ways to name the kind on a command line.
func (k kind) words() []string {
	plural := k.APIResource.Name
	return append([]string{plural, k.SingularName, strings.ToLower(k.Kind), plural + "." + k.GroupVersionResource.Group}, k.ShortNames...)
}

// cluster is what a command talks to.
type cluster struct {
	dynamic   dynamic.Interface
	kinds     []kind
	namespace string // "" for all
	selector  string
}

// connect finds out which kinds there are.
func connect(flags *genericclioptions.ConfigFlags, allNamespaces bool, selector string) (*cluster, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	if allNamespaces {
		namespace = ""
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	disco, err := flags.ToDiscoveryClient()
	if err != nil {
		return nil, err
	}
	disco.Invalidate() // kubectl's cache on disk may be from before the CRDs
	list, err := disco.ServerPreferredResources()
	// An extension API server that is down is no matter: only what it serves is missing.
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("asking the cluster at %s which kinds it has: %w", config.Host, err)
	}
	kinds, err := declaring(list)
	if err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("the cluster at %s has no kind of the Fargate Security Operator: its CRDs are not installed "+
			"(kubectl apply -k config/crd), or --context names another cluster than you mean", config.Host)
	}
	return &cluster{dynamic: client, kinds: kinds, namespace: namespace, selector: selector}, nil
}

// declaring picks the kinds that declare AWS objects. Those of the category that do not are known by their Go types: they are
// no v1alpha1.Declaration.
func declaring(lists []*metav1.APIResourceList) ([]kind, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	var kinds []kind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if !slices.Contains(r.Categories, category) || !slices.Contains(r.Verbs, "list") || strings.Contains(r.Name, "/") {
				continue
			}
			if known, err := scheme.New(version.WithKind(r.Kind)); err == nil {
				if _, declares := known.(v1alpha1.Declaration); !declares {
					continue
				}
			}
			kinds = append(kinds, kind{version.WithResource(r.Name), r})
		}
	}
	slices.SortFunc(kinds, func(a, b kind) int { return strings.Compare(a.Kind, b.Kind) })
	return kinds, nil
}

// find returns the kind that a word names.
func (c *cluster) find(word string) (kind, bool) {
	for _, k := range c.kinds {
		if slices.Contains(k.words(), strings.ToLower(word)) {
			return k, true
		}
	}
	return kind{}, false
}

func (c *cluster) unknownKind(word string) error {
	var words, names []string
	for _, k := range c.kinds {
		words = append(words, k.words()...)
		names = append(names, k.APIResource.Name)
	}
	return fmt.Errorf("%q is no kind that declares AWS objects in this cluster%s (there are: %s)", word, style.DidYouMean(word, words), strings.Join(names, ", "))
}

// of is the API of a kind where objects are looked for.
func (c *cluster) of(k kind) dynamic.ResourceInterface {
	if !k.Namespaced || c.namespace == "" {
		return c.dynamic.Resource(k.GroupVersionResource)
	}
	return c.dynamic.Resource(k.GroupVersionResource).Namespace(c.namespace)
}

// target is an object and where it was found.
type target struct {
	kind kind
	*Object
}

// api is where the object itself is read and written.
func (c *cluster) api(t target) dynamic.ResourceInterface {
	if !t.kind.Namespaced {
		return c.dynamic.Resource(t.kind.GroupVersionResource)
	}
	return c.dynamic.Resource(t.kind.GroupVersionResource).Namespace(t.Namespace)
}

// load reads what the arguments name: nothing (all objects of all kinds), KIND, KIND NAME..., KIND/NAME..., or NAME... of any kind.
// What could be read comes with the errors of what could not.
func (c *cluster) load(ctx context.Context, args []string) ([]target, error) {
	if len(args) == 0 {
		return c.listAll(ctx, c.kinds)
	}
	if k, ok := c.find(args[0]); ok && !strings.Contains(args[0], "/") {
		if len(args) == 1 {
			return c.listAll(ctx, []kind{k})
		}
		return c.getAll(ctx, []kind{k}, args[1:])
	}
	return c.getAll(ctx, c.kinds, args)
}

func (c *cluster) listAll(ctx context.Context, kinds []kind) ([]target, error) {
	var found []target
	var errs []error
	for _, k := range kinds {
		list, err := c.list(ctx, k)
		if err != nil {
			errs = append(errs, c.explain(k, "list", err))
		}
		found = append(found, list...)
	}
	return found, errors.Join(errs...)
}

// list reads all objects of a kind, in pages as kubectl does.
func (c *cluster) list(ctx context.Context, k kind) ([]target, error) {
	var found []target
	options := metav1.ListOptions{Limit: 500, LabelSelector: c.selector}
	for {
		page, err := c.of(k).List(ctx, options)
		if err != nil {
			return found, err
		}
		for i := range page.Items {
			o, err := objectOf(&page.Items[i])
			if err != nil {
				return found, err
			}
			found = append(found, target{k, o})
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return found, nil
		}
	}
}

func (c *cluster) getAll(ctx context.Context, kinds []kind, names []string) ([]target, error) {
	if c.namespace == "" {
		return nil, errors.New("an object cannot be named with --all-namespaces: give its namespace with -n")
	}
	if c.selector != "" {
		return nil, errors.New("an object is named, or chosen by --selector, not both")
	}
	var found []target
	var errs []error
	for _, name := range names {
		in := kinds
		if word, rest, ok := strings.Cut(name, "/"); ok {
			k, known := c.find(word)
			if !known {
				errs = append(errs, c.unknownKind(word))
				continue
			}
			in, name = []kind{k}, rest
		}
		list, err := c.get(ctx, in, name)
		found = append(found, list...)
		errs = append(errs, err)
	}
	return found, errors.Join(errs...)
}

// get reads the objects of a name: one of each kind at most.
func (c *cluster) get(ctx context.Context, kinds []kind, name string) ([]target, error) {
	var found []target
	for _, k := range kinds {
		u, err := c.of(k).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return found, c.explain(k, "get", err)
		}
		o, err := objectOf(u)
		if err != nil {
			return found, err
		}
		found = append(found, target{k, o})
	}
	if len(found) == 0 {
		return nil, c.notFound(ctx, kinds, name)
	}
	return found, nil
}

// notFound names objects of a name like that one.
func (c *cluster) notFound(ctx context.Context, kinds []kind, name string) error {
	var names, plurals []string
	there, _ := c.listAll(ctx, kinds) // where it may not be listed, there is no help to give
	for _, t := range there {
		names = append(names, t.Name)
	}
	for _, k := range kinds {
		plurals = append(plurals, k.APIResource.Name)
	}
	return fmt.Errorf("namespace %s has no %s %q%s", c.namespace, strings.Join(plurals, " or "), name, style.DidYouMean(name, names))
}

// explain says of an error of the API server what it was about, and what a person can do.
func (c *cluster) explain(k kind, verb string, err error) error {
	where := "in all namespaces"
	if c.namespace != "" {
		where = "in namespace " + c.namespace
	}
	plural := k.GroupVersionResource.GroupResource().String()
	if apierrors.IsForbidden(err) {
		hint := ""
		if c.namespace == "" && verb == "list" {
			hint = "; without the right for all namespaces, name one with -n"
		}
		return fmt.Errorf("you may not %s %s %s: an administrator can give you the verb %q on %s%s (the API server says: %w)",
			verb, plural, where, verb, plural, hint, err)
	}
	return fmt.Errorf("%s %s %s: %w", verb, plural, where, err)
}

// objects are the targets without where they were found.
func objects(targets []target) []*Object {
	var list []*Object
	for _, t := range targets {
		list = append(list, t.Object)
	}
	return list
}

// read turns what a watch sent into an Object.
func read(obj any) (*Object, bool) {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil, false
	}
	o, err := objectOf(u)
	return o, err == nil
}
