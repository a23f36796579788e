// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// slowLists holds up the first list over all namespaces.
type slowLists struct {
	dynamic.Interface
	first         atomic.Bool
	held, release chan struct{}
}

// Resource implements dynamic.Interface.
func (c *slowLists) Resource(kind schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return slowList{c.Interface.Resource(kind), c}
}

type slowList struct {
	dynamic.NamespaceableResourceInterface
	all *slowLists
}

// List implements dynamic.ResourceInterface.
func (l slowList) List(ctx context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	if l.all.first.CompareAndSwap(false, true) {
		close(l.all.held)
		<-l.all.release
	}
	return l.NamespaceableResourceInterface.List(ctx, options)
}

// TestAnEditDoesNotWaitForASearch: an operator that has just started looks for what carries a profile's owner tag, which
// takes everything that there is to be read first. An edit is worked on meanwhile, and the search is made up for.
func TestAnEditDoesNotWaitForASearch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	requests := r.readyOnes("searches", "edited")
	r.did(r.aws.Logs.CreateLogGroup(r.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/left"),
		Tags: map[string]string{resource.OwnerTag: operatorID + "/" + r.ns + "/edited", resource.OriginTag: string(resource.Created)}}))
	isLeft := func() bool {
		out, err := r.aws.Logs.DescribeLogGroups(r.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/left")})
		r.did(out, err)
		return len(out.LogGroups) > 0
	}
	lists := &slowLists{Interface: profiles.Workload, held: make(chan struct{}), release: make(chan struct{})}
	started := justStarted()
	started.Workload, started.Client = lists, &slowly{Client: profiles.Client, edited: "edited"}
	over := make(chan error, 1)
	go func() { _, err := started.Reconcile(r.ctx, requests["searches"]); over <- err }()
	<-lists.held
	hurried, stop := context.WithTimeout(r.ctx, patience.Now()) // or a test that waits after all would never end
	defer stop()
	got, err := started.Reconcile(hurried, requests["edited"])
	if hurried.Err() != nil {
		t.Error("the edit waited for another profile's search")
	}
	if err != nil || got.RequeueAfter == 0 || got.RequeueAfter > time.Minute || !isLeft() {
		t.Errorf("while another profile's search was under way: %v, %v, still there: %t", got, err, isLeft())
	}
	close(lists.release)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if _, err := started.Reconcile(r.ctx, requests["edited"]); err != nil || isLeft() {
		t.Errorf("the search was not made up for: %v, still there: %t", err, isLeft())
	}
}
