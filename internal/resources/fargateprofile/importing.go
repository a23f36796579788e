// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"context"
	"errors"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

// All reads the Fargate profiles of a cluster, by name. What could be read comes with the errors of what could not.
func All(ctx context.Context, client awsapi.EKS, cluster string) ([]observed.FargateProfile, error) {
	r := &Resource{eks: client, cluster: cluster}
	names, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	var list []observed.FargateProfile
	var errs []error
	for _, name := range names {
		switch p, err := r.describe(ctx, name); {
		case err != nil:
			errs = append(errs, err)
		case p != nil:
			list = append(list, *p)
		}
	}
	return list, errors.Join(errs...)
}
