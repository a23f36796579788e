// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Caller is the Config of the caller's own credentials, as the SDK's default chain finds them, in the account that they belong to.
// Without a Region, that of the environment or of the AWS profile holds.
func (s *Sessions) Caller(ctx context.Context, region, endpointURL string) (Config, error) {
	cfg := Config{Region: region, EndpointURL: endpointURL}
	sdk, err := s.load(ctx, cfg)
	if err != nil {
		return cfg, fmt.Errorf("the AWS SDK cannot be set up: %w", errors.Unwrap(err))
	}
	if cfg.Region = sdk.Region; cfg.Region == "" {
		return cfg, errors.New("no AWS Region: give --region, or set AWS_REGION")
	}
	id, err := NewClients(sdk).STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch {
	case err != nil && (credentialsMissing(err) || credentialsRefused(err)):
		return cfg, fmt.Errorf("AWS credentials are missing, expired or refused: log in (`aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID; "+
			"`aws sts get-caller-identity` must work (%s)", Sanitize(err.Error()))
	case err != nil:
		return cfg, errors.New("asking AWS whose credentials these are: " + Classify(err).Message)
	}
	cfg.AccountID = aws.ToString(id.Account)
	return cfg, nil
}

// ImportPolicy is what `kubectl fargatesec import` needs: all that the operator reads, and the list of clusters.
func ImportPolicy() string {
	read := Statement{Sid: "ReadForImport", Effect: "Allow", Action: []string{"eks:ListClusters"}, Resource: []string{everything}}
	for _, action := range Actions() {
		if isRead(action) {
			read.Action = append(read.Action, action)
		}
	}
	slices.Sort(read.Action)
	return document([]Statement{read})
}
