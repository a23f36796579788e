// SPDX-License-Identifier: Apache-2.0

// Package accounts leads from the AWSAccount that a custom resource names to a verified session, past everything that the
// account does not allow.
package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/guardrails"
)

// DefaultResync is how often everything is read again when an account does not say.
const DefaultResync = 5 * time.Minute

// defaultForbiddenCIDRs apply where an account declares no guardrails at all; with guardrails, the schema's default does.
var defaultForbiddenCIDRs = []string{"0.0.0.0/0", "::/0"}

// Refusal ends a pass before anything of AWS is read: only a person can help.
type Refusal struct {
	Reason, Message string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Message }

// Accounts leads from the AWSAccount that a profile names to a verified session.
type Accounts struct {
	Client   client.Reader
	Sessions *awsapi.Sessions
	// OperatorNamespace may always use an account that has no spec.allowedNamespaces.
	OperatorNamespace string
}

// Bound is an account as a profile may use it.
type Bound struct {
	*awsapi.Account
	Config awsapi.Config
	Guard  guardrails.Guardrails
	Quotas v1alpha1.Quotas
	Resync time.Duration
}

// Bind checks that the namespace may use the account, and these names in it, and connects to it.
// Errors: *Refusal, errors of the Kubernetes API, errors of the SDK.
func (a *Accounts) Bind(ctx context.Context, namespace, name string, claims ...guardrails.Claim) (*Bound, error) {
	account := &v1alpha1.AWSAccount{}
	if err := a.Client.Get(ctx, types.NamespacedName{Name: name}, account); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, &Refusal{v1alpha1.ReasonAccountNotFound, fmt.Sprintf("spec.accountRef names AWSAccount %q, which does not exist: create it, or correct the name", name)}
		}
		return nil, err
	}
	if err := a.mayUse(ctx, account, namespace); err != nil {
		return nil, err
	}
	if err := a.mayClaim(ctx, account, namespace, claims); err != nil {
		return nil, err
	}
	config := SessionConfig(account)
	session, err := a.Sessions.Account(ctx, config)
	var mismatch *awsapi.MismatchError
	if errors.As(err, &mismatch) {
		return nil, &Refusal{v1alpha1.ReasonAccountMismatch, fmt.Sprintf("AWSAccount %s: %s", name, mismatch)}
	}
	if err != nil {
		return nil, err
	}
	return &Bound{Account: session, Config: config, Guard: guardOf(account), Quotas: quotasOf(account), Resync: ResyncOf(account)}, nil
}

func (a *Accounts) mayUse(ctx context.Context, account *v1alpha1.AWSAccount, namespace string) error {
	if account.Spec.AllowedNamespaces == nil {
		if namespace == a.OperatorNamespace {
			return nil
		}
		return notAllowed(account.Name, namespace, "has no spec.allowedNamespaces, so only the operator's own namespace may use it")
	}
	selector, err := metav1.LabelSelectorAsSelector(account.Spec.AllowedNamespaces)
	if err != nil {
		return &Refusal{v1alpha1.ReasonInvalidSpec, fmt.Sprintf("AWSAccount %s: spec.allowedNamespaces is not a label selector: %v", account.Name, err)}
	}
	ns := &corev1.Namespace{}
	if err := a.Client.Get(ctx, types.NamespacedName{Name: namespace}, ns); err != nil {
		return err
	}
	if selector.Matches(labels.Set(ns.Labels)) {
		return nil
	}
	return notAllowed(account.Name, namespace, fmt.Sprintf("allows namespaces with the labels %q: label the namespace so, or widen spec.allowedNamespaces", selector))
}

func notAllowed(account, namespace, why string) error {
	return &Refusal{v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf("namespace %s may not use AWSAccount %s, which %s", namespace, account, why)}
}

// SessionConfig is how the account is reached.
func SessionConfig(account *v1alpha1.AWSAccount) awsapi.Config {
	cfg := awsapi.Config{AccountID: account.Spec.AccountID, Region: account.Spec.Region, EndpointURL: account.Spec.EndpointURL}
	if role := account.Spec.AssumeRole; role != nil {
		cfg.RoleARN, cfg.ExternalID = role.RoleARN, role.ExternalID
	}
	return cfg
}

func guardOf(account *v1alpha1.AWSAccount) guardrails.Guardrails {
	g := account.Spec.Guardrails
	if g == nil {
		return guardrails.Guardrails{ForbiddenIngressCIDRs: defaultForbiddenCIDRs}
	}
	return guardrails.Guardrails{
		PermissionsBoundaryARN:   g.PermissionsBoundaryARN,
		AllowedManagedPolicyARNs: g.AllowedManagedPolicyARNs,
		ForbiddenIngressCIDRs:    g.ForbiddenIngressCIDRs,
		ForbiddenInlineActions:   g.ForbiddenInlineActions,
		RequireBoundary:          g.RequirePermissionsBoundary == v1alpha1.BoundaryRequiredAlways,
	}
}

// Limits are the guardrails and quotas of an account.
func Limits(account *v1alpha1.AWSAccount) (guardrails.Guardrails, v1alpha1.Quotas) {
	return guardOf(account), quotasOf(account)
}

// The quotas of an account for which AWS has raised none.
const (
	defaultPoliciesPerRole = 10 // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	defaultRulesPerGroup   = 60 // https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
)

func quotasOf(account *v1alpha1.AWSAccount) v1alpha1.Quotas {
	quotas := v1alpha1.Quotas{ManagedPoliciesPerRole: defaultPoliciesPerRole, RulesPerSecurityGroup: defaultRulesPerGroup}
	if granted := account.Spec.Quotas; granted != nil {
		quotas.ManagedPoliciesPerRole = cmp.Or(granted.ManagedPoliciesPerRole, quotas.ManagedPoliciesPerRole)
		quotas.RulesPerSecurityGroup = cmp.Or(granted.RulesPerSecurityGroup, quotas.RulesPerSecurityGroup)
	}
	return quotas
}

// ResyncOf is how often everything of the account is read again.
func ResyncOf(account *v1alpha1.AWSAccount) time.Duration {
	if account.Spec.ResyncInterval == nil {
		return DefaultResync
	}
	return account.Spec.ResyncInterval.Duration
}

// LeadingTo names the AWSAccounts for an account and Region: several may lead there.
func LeadingTo(ctx context.Context, reader client.Reader, config awsapi.Config) ([]string, error) {
	list := &v1alpha1.AWSAccountList{}
	if err := reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		if InScope(SessionConfig(&list.Items[i]), scopeOf(config)) {
			names = append(names, list.Items[i].Name)
		}
	}
	return names, nil
}

// scopeOf is where a Config leads to. The partition, which only AWS's answer tells, follows from the Region.
func scopeOf(config awsapi.Config) awsapi.Scope {
	return awsapi.Scope{AccountID: config.AccountID, Region: config.Region, Endpoint: config.EndpointURL}
}

// InScope tells whether a Config leads to the account and Region of a scope.
func InScope(config awsapi.Config, scope awsapi.Scope) bool {
	return config.AccountID == scope.AccountID && config.Region == scope.Region && config.EndpointURL == scope.Endpoint
}
