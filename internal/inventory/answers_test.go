// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/smithy-go/middleware"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// What is kept of ten thousand profiles must not hold the HTTP response of each.
func TestWhatIsKeptHasNoMetadata(t *testing.T) {
	r := newRig(t)
	holds := func(m middleware.Metadata) bool {
		_, id := awsmiddleware.GetRequestIDMetadata(m)
		return id || awsmiddleware.GetRawResponse(m) != nil
	}
	in := &eks.DescribeClusterInput{Name: aws.String("prod")}
	if !holds(must(r.aws.EKS.DescribeCluster(context.Background(), in)).ResultMetadata) {
		t.Fatal("the SDK gives no metadata: this test shows nothing")
	}
	for name, ctx := range map[string]context.Context{"within an age": r.within(r.clock.Now()), "read for itself": context.Background()} {
		if out := must(r.view.Clients().EKS.DescribeCluster(ctx, in)); holds(out.ResultMetadata) || aws.ToString(out.Cluster.Name) != "prod" {
			t.Errorf("%s: %+v", name, out)
		}
	}
}
