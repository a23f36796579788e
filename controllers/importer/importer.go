// SPDX-License-Identifier: Apache-2.0

// Package importer is `kubectl fargatesec import`: it has each kind find what runs in an AWS account already (declaration.Kind,
// Import), and writes the manifests. It only reads, with the caller's own credentials.
package importer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/accounts"
	"github.com/fargate-security/fargate-security-operator/controllers/declaration"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/awsobject"
	"github.com/fargate-security/fargate-security-operator/internal/inventory"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
)

// Options say what is imported and how it is written down.
type Options struct {
	Sessions *awsapi.Sessions
	Config   awsapi.Config
	Kinds    []*declaration.Kind
	// Clusters and Profiles are those to import; none: all.
	Clusters, Profiles []string
	// Namespace and AccountName are where the objects go, and what their AWSAccount is called.
	Namespace, AccountName string
	// Workload reads the cluster named WorkloadCluster. Nil: no cluster is read.
	Workload        dynamic.Interface
	WorkloadCluster string
	// Progress is told what is being read; nil: nobody is.
	Progress func(what string)
}

// Estate is what was found.
type Estate struct {
	Account *v1alpha1.AWSAccount
	Found   []declaration.Imported
	// Missed is what could not be read, each with why.
	Missed []string
}

// importer is one import.
type importer struct {
	Options
	estate  Estate
	session *awsapi.Account
	view    *inventory.View
	shared  map[string]any
	names   map[string]bool // that are taken, by kind and name
	seen    map[string]bool // names of AWS objects that were asked for and are there
	began   time.Time
}

// Import reads the account. Errors: nothing could be read at all.
func Import(ctx context.Context, o Options) (*Estate, error) {
	session, err := o.Sessions.Account(ctx, o.Config)
	if err != nil {
		return nil, err
	}
	i := &importer{Options: o, session: session, names: map[string]bool{}, seen: map[string]bool{}, began: time.Now()}
	i.estate.Account = i.account()
	i.view = inventory.NewView(session.Clients, time.Now, resource.OwnerTag)
	i.view.Hear(func(string) bool { return false })
	i.shared = resources.SharedByAccount(time.Now)
	for kind, shared := range resources.SharedByProcess(o.Workload, time.Now) {
		i.shared[kind] = shared
	}
	clusters, err := i.clusters(ctx)
	if err != nil {
		return nil, err
	}
	// What one object has read serves the others: nothing is changed meanwhile.
	ctx = inventory.With(ctx, inventory.Age{NotBefore: i.began})
	for _, kind := range o.Kinds {
		if kind.Import != nil {
			kind.Import(ctx, i.importing(kind, clusters))
		}
	}
	for _, name := range o.Profiles {
		if !i.seen[name] {
			i.missed("the profile "+name, errors.New("there is none of that name in the clusters "+strings.Join(clusters, ", ")))
		}
	}
	return &i.estate, ctx.Err()
}

// account is the AWSAccount that the objects refer to. Every namespace has the label kubernetes.io/metadata.name:
// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
func (i *importer) account() *v1alpha1.AWSAccount {
	return &v1alpha1.AWSAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "AWSAccount"},
		ObjectMeta: metav1.ObjectMeta{Name: i.AccountName},
		Spec: v1alpha1.AWSAccountSpec{
			AccountID: i.Config.AccountID, Region: i.Config.Region, EndpointURL: i.Config.EndpointURL,
			AllowedNamespaces: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": i.Namespace}},
		},
	}
}

// clusters are those that were asked for, and otherwise all. Clusters that are named need no right to list them.
func (i *importer) clusters(ctx context.Context) ([]string, error) {
	if len(i.Clusters) > 0 {
		return i.named(ctx)
	}
	all, err := ekscluster.Names(ctx, i.session.Clients)
	if err != nil {
		return nil, errors.New("listing the EKS clusters: " + awsapi.Classify(err).Message + "; with --eks-cluster, none need be listed")
	}
	return all, nil
}

func (i *importer) named(ctx context.Context) ([]string, error) {
	var there []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(i.Clusters))) {
		found, err := ekscluster.Exists(ctx, i.session.Clients, name)
		switch {
		case err != nil:
			i.missed("cluster "+name, err)
		case !found:
			i.missed("cluster "+name, fmt.Errorf("account %s has no EKS cluster of that name in %s", i.Config.AccountID, i.Config.Region))
		default:
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return nil, errors.New(strings.Join(i.estate.Missed, "\n"))
	}
	return there, nil
}

func (i *importer) importing(kind *declaration.Kind, clusters []string) *declaration.Importing {
	return &declaration.Importing{
		Clusters: clusters,
		Wanted: func(name string) bool {
			i.seen[name] = true
			return len(i.Profiles) == 0 || slices.Contains(i.Profiles, name)
		},
		Env:     func(obj v1alpha1.Declaration) *declaration.Env { return i.env(kind, obj) },
		Look:    func(ctx context.Context, obj v1alpha1.Declaration) *resource.Result { return i.look(ctx, kind, obj) },
		Prepare: func(obj v1alpha1.Declaration, names ...string) { i.prepare(kind, obj, names) },
		Emit: func(found declaration.Imported) {
			for n, note := range found.Notes {
				found.Notes[n] = forCaller.Replace(note)
			}
			i.estate.Found = append(i.estate.Found, found)
		},
		Missed:   i.missed,
		Workload: i.workload(),
		Progress: func(what string) {
			if i.Progress != nil {
				i.Progress(what)
			}
		},
	}
}

func (i *importer) workload() string {
	if i.Workload == nil {
		return ""
	}
	return i.WorkloadCluster
}

// forCaller has messages speak of who imports: those of awsapi are the operator's.
var forCaller = strings.NewReplacer("the operator's IAM policy (docs/iam.md)", "your IAM policy (docs/import.md)")

func (i *importer) missed(what string, err error) {
	message := err.Error()
	if f := awsapi.Classify(err); awsapi.Code(err) != "" {
		message = f.Message
	}
	if text := what + ": " + forCaller.Replace(awsapi.Sanitize(message)); !slices.Contains(i.estate.Missed, text) {
		i.estate.Missed = append(i.estate.Missed, text)
	}
}

// env is what a pass would give the object's Resources. The owner is nobody's: whatever carries an owner tag is somebody else's.
func (i *importer) env(kind *declaration.Kind, obj v1alpha1.Declaration) *declaration.Env {
	guard, quotas := accounts.Limits(i.estate.Account)
	seen := *i.session
	seen.Clients = i.view.Clients()
	return &declaration.Env{
		Env:   &awsobject.Env{Account: &seen, Owner: owner(kind, obj), Cluster: kind.ClusterOf(obj), Shared: i.shared},
		Guard: guard, Quotas: quotas, View: i.view,
	}
}

func owner(kind *declaration.Kind, obj v1alpha1.Declaration) string {
	return kind.Owner("import", types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()})
}

// look is a pass over the object in Observe.
func (i *importer) look(ctx context.Context, kind *declaration.Kind, obj v1alpha1.Declaration) *resource.Result {
	declared := kind.Declare(i.env(kind, obj), obj)
	result := resource.Run(ctx, declared.Resources(), nil, resource.Options{
		Adopt: true, Retain: true, Owner: owner(kind, obj), Problems: declared.Problems(), Section: declared.Section,
		Order: resources.Order(), Classify: awsapi.Classify, Now: time.Now,
	})
	return &result
}

// prepare gives an object its name and what is safe to begin with: nothing is written, and nothing is ever deleted.
func (i *importer) prepare(kind *declaration.Kind, obj v1alpha1.Declaration, names []string) {
	obj.SetName(i.free(kind.Name, names))
	obj.SetNamespace(i.Namespace)
	obj.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind.Name))
	spec := obj.Declared()
	spec.AccountRef.Name = i.AccountName
	spec.Mode, spec.AdoptionPolicy, spec.DeletionPolicy = v1alpha1.ModeObserve, v1alpha1.AdoptionPolicyAdopt, v1alpha1.DeletionPolicyRetain
}

// maxName leaves room for a number behind a name: the kinds' names have at most 100 characters.
const maxName = 95

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// free is the first of the names that no object of the kind has, or that with a number.
func (i *importer) free(kind string, names []string) string {
	take := func(name string) bool {
		if name == "" || i.names[kind+"/"+name] {
			return false
		}
		i.names[kind+"/"+name] = true
		return true
	}
	last := ""
	for _, name := range names {
		valid := nameOf(name)
		if take(valid) {
			return valid
		}
		last = valid
	}
	for n := 2; ; n++ {
		if name := strings.TrimPrefix(fmt.Sprintf("%s-%d", last, n), "-"); take(name) {
			return name
		}
	}
}

// nameOf makes a DNS label of a name: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
func nameOf(name string) string {
	name = notInNames.ReplaceAllString(strings.ToLower(name), "-")
	return strings.Trim(name[:min(len(name), maxName)], "-")
}
