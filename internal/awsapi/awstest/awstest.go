// SPDX-License-Identifier: Apache-2.0

// Package awstest makes real SDK clients that talk to a stand-in for AWS.
package awstest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// AccessKey is the key that the clients sign with. The simulator takes its owner for a user of its own account.
const AccessKey = "AKIATESTTESTTESTTEST"

// Region is where the clients send their calls.
const Region = "eu-west-1"

// Config is the SDK's configuration for an endpoint. Nothing is retried, so that an injected error is seen once and at
// once.
func Config(url string) aws.Config { return ConfigAs(url, AccessKey, "secret") }

// ConfigAs is Config with the keys of another caller.
func ConfigAs(url, key, secret string) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider(key, secret, ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient:   awsapi.PlainBodies(awshttp.NewBuildableClient()),
	}
}

// Clients returns clients of every service at an endpoint.
func Clients(t testing.TB, url string) awsapi.Clients {
	t.Helper()
	return awsapi.NewClients(Config(url))
}
