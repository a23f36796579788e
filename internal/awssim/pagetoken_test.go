// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
)

// TestAPageTokenExpires: the first page comes, the next one is refused in the service's words.
func TestAPageTokenExpires(t *testing.T) {
	r := newRig(t, Options{PageSize: 1})
	e := build(t, r)
	_, err := r.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/b")})
	ok(t, err)
	_, err = r.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/b"), TargetKeyId: &e.key})
	ok(t, err)
	ok(t, r.sim.Seed(Seed{Clusters: []SeedCluster{{Name: "second", Version: "1.35", Subnets: DefaultSeed().Clusters[0].Subnets}}}))
	r.sim.Inject(func(Call) Fault { return Fault{Kind: ExpireToken} })
	for service, c := range map[string]struct {
		code string
		read func() (int, error) // pages read
	}{
		"ec2": {"InvalidPaginationToken", func() (n int, err error) {
			for pages := ec2.NewDescribeSecurityGroupsPaginator(r.ec2, &ec2.DescribeSecurityGroupsInput{}); pages.HasMorePages() && err == nil; n++ {
				_, err = pages.NextPage(ctx)
			}
			return n, err
		}},
		"eks": {"InvalidParameterException", func() (n int, err error) {
			for pages := eks.NewListClustersPaginator(r.eks, &eks.ListClustersInput{}); pages.HasMorePages() && err == nil; n++ {
				_, err = pages.NextPage(ctx)
			}
			return n, err
		}},
		"iam": {"ValidationError", func() (n int, err error) {
			for pages := iam.NewListRolesPaginator(r.iam, &iam.ListRolesInput{}); pages.HasMorePages() && err == nil; n++ {
				_, err = pages.NextPage(ctx)
			}
			return n, err
		}},
		"kms": {"InvalidMarkerException", func() (n int, err error) {
			for pages := kms.NewListAliasesPaginator(r.kms, &kms.ListAliasesInput{}); pages.HasMorePages() && err == nil; n++ {
				_, err = pages.NextPage(ctx)
			}
			return n, err
		}},
		"logs": {"InvalidParameterException", func() (n int, err error) {
			for pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(r.logs, &cloudwatchlogs.DescribeLogGroupsInput{}); pages.HasMorePages() && err == nil; n++ {
				_, err = pages.NextPage(ctx)
			}
			return n, err
		}},
		"tagging": {"PaginationTokenExpiredException", func() (n int, err error) {
			for pages := resourcegroupstaggingapi.NewGetResourcesPaginator(r.tagging, &resourcegroupstaggingapi.GetResourcesInput{}); pages.HasMorePages() && err == nil; n++ {
				_, err = pages.NextPage(ctx)
			}
			return n, err
		}},
	} {
		t.Run(service, func(t *testing.T) {
			r.sim.ResetCalls()
			n, err := c.read()
			wantEqual(t, "pages asked for", n, 2)
			wantError(t, err, c.code, http.StatusBadRequest)
			calls := r.sim.Calls()
			wantEqual(t, "first call asks for a further page", calls[0].Paged, false)
			wantEqual(t, "second call asks for a further page", calls[1].Paged, true)
			wantEqual(t, "fault of the first call", calls[0].Fault, "")
			wantEqual(t, "fault of the second call", calls[1].Fault, ExpireToken)
		})
	}
}
