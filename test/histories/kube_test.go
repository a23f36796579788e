// SPDX-License-Identifier: Apache-2.0

package histories_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
	"github.com/fargate-security/fargate-security-operator/controllers/wake"
)

type profile = v1alpha1.FargateSecurityProfile

// kubernetes is what a person and the operators see of a cluster: controller-runtime's fake client, which keeps
// resource versions, conflicts, finalizers and the status subresource, with the CRD's own defaults and rules on top. A
// real API server is what test/chaos and test/e2e use; this one is a hundred times faster.
type kubernetes struct {
	client.WithWatch
	// former holds each profile as it was before its last change: what a cache that is late still shows.
	former map[string]*profile
}

var uids atomic.Int64

func newKubernetes() *kubernetes {
	// Without field managers, which nobody here uses: with them, a write costs forty times as much.
	tracker := clienttesting.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder())
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjectTracker(tracker).WithStatusSubresource(&profile{}, &annex{})
	must(wake.IndexFields(context.Background(), indexes{builder: builder}, kinds.All))
	return &kubernetes{WithWatch: builder.Build(), former: map[string]*profile{}}
}

func key(name string) client.ObjectKey { return client.ObjectKey{Namespace: namespace, Name: name} }

// get returns a profile, nil if there is none.
func (k *kubernetes) get(name string) *profile {
	p := &profile{}
	err := k.Get(context.Background(), key(name), p)
	if apierrors.IsNotFound(err) {
		return nil
	}
	must(err)
	return p
}

func (k *kubernetes) names() []string {
	list := &v1alpha1.FargateSecurityProfileList{}
	must(k.List(context.Background(), list))
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}

// create stores a new profile, or says what the schema has against it.
func (k *kubernetes) create(name string, spec *v1alpha1.FargateSecurityProfileSpec) error {
	p := &profile{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Generation: 1, UID: types.UID("uid-" + strconv.FormatInt(uids.Add(1), 10))},
		Spec:       *spec,
	}
	if err := rules.admit(p, nil); err != nil {
		return err
	}
	return k.Create(context.Background(), p)
}

// edit replaces the spec of a profile, or says what the schema has against it.
func (k *kubernetes) edit(name string, spec *v1alpha1.FargateSecurityProfileSpec) error {
	old := k.get(name)
	p := old.DeepCopy()
	p.Spec = *spec
	if err := rules.admit(p, old); err != nil {
		return err
	}
	if !equality.Semantic.DeepEqual(old.Spec, p.Spec) {
		p.Generation++
	}
	k.former[name] = old
	return k.Update(context.Background(), p)
}

func (k *kubernetes) delete(name string) {
	p := k.get(name)
	k.former[name] = p
	must(k.Delete(context.Background(), p))
}

// remember keeps what a profile was before an operator changes it.
func (k *kubernetes) remember(obj client.Object) {
	if p, ok := obj.(*profile); ok {
		k.former[p.Name] = k.get(p.Name)
	}
}

// formerly is a profile as it was before its last change. One that was deleted and made anew has no former self here: the
// fake client begins to count its resource versions anew too, so a write on the old one would not be the conflict that it
// is on a real API server.
func (k *kubernetes) formerly(name string) *profile {
	former, now := k.former[name], k.get(name)
	if former == nil || now == nil || former.UID != now.UID {
		return nil
	}
	return former
}

// client is the cluster as the operators of an installation reach it: writes can be cut off, and reads can be late.
func (i *install) client() client.Client {
	write := func(what string, obj client.Object, do func() error) error {
		return i.w.kubeWrite(what, func() error {
			i.kube.remember(obj)
			i.w.madePolicy(what, obj)
			return do()
		})
	}
	return interceptor.NewClient(i.kube.WithWatch, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, name client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			switch into := obj.(type) {
			case *v1alpha1.AWSAccount:
				i.account.DeepCopyInto(into)
				return nil
			case *profile:
				if former := i.kube.formerly(name.Name); former != nil && i.w.late() {
					former.DeepCopyInto(into)
					return nil
				}
			}
			return c.Get(ctx, name, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if accounts, ok := list.(*v1alpha1.AWSAccountList); ok {
				accounts.Items = []v1alpha1.AWSAccount{*i.account.DeepCopy()}
				return nil
			}
			return c.List(ctx, list, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			return write("create", obj, func() error { return c.Create(ctx, obj, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			return write("update", obj, func() error { return c.Update(ctx, obj, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return write("patch", obj, func() error { return c.Patch(ctx, obj, patch, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			return write("delete", obj, func() error { return c.Delete(ctx, obj, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			return write("patch "+sub, obj, func() error { return c.SubResource(sub).Patch(ctx, obj, patch, opts...) })
		},
	})
}

// workload is the cluster's dynamic client for one kind, SecurityGroupPolicy, by way of a client.Client. Only what the
// operator calls is there; anything else panics.
type workload struct{ client client.Client }

// policies is a dynamic.NamespaceableResourceInterface.
type policies struct {
	dynamic.NamespaceableResourceInterface
	client    client.Client
	namespace string
}

var policyKind = schema.GroupVersionKind{Group: "vpcresources.k8s.aws", Version: "v1beta1", Kind: "SecurityGroupPolicy"}

// Resource implements dynamic.Interface.
func (w workload) Resource(r schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	if r.Resource != "securitygrouppolicies" {
		panic(fmt.Sprintf("the operator asks for %s", r))
	}
	return policies{client: w.client}
}

// Namespace implements dynamic.NamespaceableResourceInterface.
func (p policies) Namespace(namespace string) dynamic.ResourceInterface {
	return policies{client: p.client, namespace: namespace}
}

// Get implements dynamic.ResourceInterface.
func (p policies) Get(ctx context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(policyKind)
	return o, p.client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: name}, o)
}

// List implements dynamic.ResourceInterface.
func (p policies) List(ctx context.Context, _ metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(policyKind)
	return list, p.client.List(ctx, list, client.InNamespace(p.namespace))
}

// Create implements dynamic.ResourceInterface.
func (p policies) Create(ctx context.Context, o *unstructured.Unstructured, _ metav1.CreateOptions, _ ...string) (*unstructured.Unstructured, error) {
	return o, p.client.Create(ctx, o)
}

// Update implements dynamic.ResourceInterface.
func (p policies) Update(ctx context.Context, o *unstructured.Unstructured, _ metav1.UpdateOptions, _ ...string) (*unstructured.Unstructured, error) {
	return o, p.client.Update(ctx, o)
}

// Delete implements dynamic.ResourceInterface.
func (p policies) Delete(ctx context.Context, name string, opts metav1.DeleteOptions, _ ...string) error {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(policyKind)
	o.SetNamespace(p.namespace)
	o.SetName(name)
	return p.client.Delete(ctx, o, &client.DeleteOptions{Preconditions: opts.Preconditions})
}
