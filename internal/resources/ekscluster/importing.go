// SPDX-License-Identifier: Apache-2.0

package ekscluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// Finding is what `kubectl fargatesec import` calls of AWS beside what the operator reads. It is no part of awsapi.Clients: the
// operator's binary and its policy do without.
type Finding interface {
	ListClusters(context.Context, *eks.ListClustersInput, ...func(*eks.Options)) (*eks.ListClustersOutput, error)
}

// Names lists the EKS clusters of the account and Region, sorted.
func Names(ctx context.Context, clients awsapi.Clients) ([]string, error) {
	finding, ok := clients.EKS.(Finding)
	if !ok {
		return nil, fmt.Errorf("%T cannot list clusters", clients.EKS)
	}
	var names []string
	for pages := eks.NewListClustersPaginator(finding, &eks.ListClustersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return names, err
		}
		names = append(names, page.Clusters...)
	}
	slices.Sort(names)
	return names, nil
}

// Exists tells whether there is an EKS cluster of a name.
func Exists(ctx context.Context, clients awsapi.Clients, name string) (bool, error) {
	_, err := clients.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	if awsapi.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
