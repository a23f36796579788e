// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/readonly"
)

const (
	// callTimeout bounds one attempt of one call: AWS answers control-plane calls within seconds.
	callTimeout = 20 * time.Second
	// defaultAttempts of one call; what lasts longer is a matter for the next pass.
	defaultAttempts = 3
	sessionName     = "fargate-security-operator"
)

// Config says how to reach an account. It is comparable: equal Configs share a session.
type Config struct {
	AccountID, Region   string
	RoleARN, ExternalID string
	// EndpointURL sends every call to a stand-in.
	EndpointURL string
}

// MismatchError says that the credentials belong to another account than the declared one. Nothing was read or written.
type MismatchError struct {
	Want, Got, CallerARN string
}

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("spec.accountID is %s, but the credentials belong to account %s (%s): correct spec.accountID or spec.assumeRole; nothing was read or written",
		e.Want, e.Got, e.CallerARN)
}

// ConfigError says that the SDK could not be set up: an environment variable or a file of the operator's pod is wrong.
type ConfigError struct{ cause error }

// Error implements error.
func (e *ConfigError) Error() string {
	return "the AWS SDK cannot be set up from the operator's environment: " + e.cause.Error()
}

// Unwrap returns the SDK's own error.
func (e *ConfigError) Unwrap() error { return e.cause }

// Sessions keeps one verified session per Config. It is safe for concurrent use.
type Sessions struct {
	// Observe is told of every attempt of every call, for the metrics. Optional.
	Observe CallObserver
	// Version is told to AWS in the user agent.
	Version string
	// MaxAttempts of one call; 0 means 3. Tests that lose answers use 1: the SDK pauses for seconds between attempts.
	MaxAttempts int
	// ObserveWait is told how long attempts wait for their turn, for the metrics. Optional.
	ObserveWait WaitObserver
	// ReadOnly refuses every call that is not a read, before it is sent.
	ReadOnly bool
	// Unlimited lets every call go at once, whatever AWS throttles. For tests with a clock of their own.
	Unlimited bool

	limits limits
	own    ownRequests

	mu       sync.Mutex
	accounts map[Config]*Account
}

// Account returns the session of a Config. The first time it is verified with sts:GetCallerIdentity.
// Errors: *MismatchError; what the SDK returns when there are no credentials or STS does not answer.
func (s *Sessions) Account(ctx context.Context, cfg Config) (*Account, error) {
	s.mu.Lock()
	account := s.accounts[cfg]
	s.mu.Unlock()
	if account != nil {
		return account, nil
	}
	return s.Verify(ctx, cfg)
}

// Verify reads the credentials of a Config anew and asks AWS who they belong to. The new session takes the place of the
// one before, whose credentials may have been renewed meanwhile. When it is not of the declared account, or AWS refuses it,
// there is none; what passes, such as a throttle, says nothing about the one before, which stays.
func (s *Sessions) Verify(ctx context.Context, cfg Config) (*Account, error) {
	account, err := s.connect(ctx, cfg)
	if err != nil {
		if !Classify(err).Kind.Passing() {
			s.forget(cfg)
		}
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts == nil {
		s.accounts = map[Config]*Account{}
	}
	s.accounts[cfg] = account
	return account, nil
}

func (s *Sessions) connect(ctx context.Context, cfg Config) (*Account, error) {
	sdk, err := s.load(ctx, cfg)
	if err != nil {
		return nil, err
	}
	clients := NewClients(sdk)
	id, err := clients.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	caller := StableCaller(aws.ToString(id.Arn))
	if got := aws.ToString(id.Account); got != cfg.AccountID {
		return nil, &MismatchError{Want: cfg.AccountID, Got: got, CallerARN: caller}
	}
	partition := "aws"
	if parsed, err := ParseARN(aws.ToString(id.Arn)); err == nil {
		partition = parsed.Partition
	}
	return &Account{
		Scope:   Scope{Partition: partition, AccountID: cfg.AccountID, Region: cfg.Region, Endpoint: cfg.EndpointURL},
		Clients: clients, CallerARN: caller,
	}, nil
}

// load makes the SDK's configuration: the default credential chain, or a role assumed from it.
func (s *Sessions) load(ctx context.Context, cfg Config) (aws.Config, error) {
	sdk, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(cfg.Region),
		config.WithRetryer(func() aws.Retryer { return s.retryer(cfg) }),
		config.WithHTTPClient(newHTTPClient()),
		config.WithAPIOptions(append(s.middleware(), s.forgetRefused(cfg))),
	)
	if err != nil {
		return aws.Config{}, &ConfigError{err}
	}
	sdk.HTTPClient = PlainBodies(sdk.HTTPClient)
	if cfg.EndpointURL != "" {
		sdk.BaseEndpoint = aws.String(cfg.EndpointURL)
	}
	if cfg.RoleARN != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(sdk), cfg.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName
			if cfg.ExternalID != "" {
				o.ExternalID = aws.String(cfg.ExternalID)
			}
		})
		sdk.Credentials = aws.NewCredentialsCache(provider)
	}
	if s.ReadOnly { // not before: the clients that obtain credentials do not read
		sdk.APIOptions = append(slices.Clone(sdk.APIOptions), readonly.Refuse)
	}
	return sdk, nil
}

// StableCaller cuts the session's name off the ARN of an assumed role: it may change with every session.
func StableCaller(caller string) string {
	parts := strings.Split(caller, "/")
	if strings.Contains(caller, ":assumed-role/") && len(parts) >= 3 {
		return strings.Join(parts[:len(parts)-1], "/") + "/..."
	}
	return caller
}
