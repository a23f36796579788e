// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// The condition types. Ready and Drifted are always present on a profile; Reconciling and Stalled only while True,
// and never both (the kstatus convention: https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus).
const (
	// ReadyCondition is True when everything declared exists, is usable and, in mode Enforce, nothing differs.
	ReadyCondition = "Ready"
	// ReconcilingCondition is True while the operator is on the way to the declared state and needs nobody's help.
	ReconcilingCondition = "Reconciling"
	// StalledCondition is True when only a person can help.
	StalledCondition = "Stalled"
	// DriftedCondition is True when something differs from the spec; its reason is that of the worst difference.
	DriftedCondition = "Drifted"
	// DriftEventsCondition, on an AWSAccount with spec.driftEvents: changes are received from the queue. Ready does not
	// depend on it.
	DriftEventsCondition = "DriftEvents"

	// The conditions that speak for one section of a profile each. A section that is not declared has none.
	FargateProfileReadyCondition    = "FargateProfileReady"
	PodExecutionRoleReadyCondition  = "PodExecutionRoleReady"
	SecurityGroupsReadyCondition    = "SecurityGroupsReady"
	PodSecurityGroupsReadyCondition = "PodSecurityGroupsReady"
	LoggingReadyCondition           = "LoggingReady"
	EncryptionReadyCondition        = "EncryptionReady"
)

// SectionConditions lists the condition types that speak for one section each, in the order of status.conditions.
var SectionConditions = []string{
	EncryptionReadyCondition, LoggingReadyCondition, PodExecutionRoleReadyCondition,
	SecurityGroupsReadyCondition, PodSecurityGroupsReadyCondition, FargateProfileReadyCondition,
}

// Reasons that more than one condition uses. Reasons of single findings (PolicyNotFound, SecurityGroupRuleUnlisted)
// stand beside the code that finds them.
const (
	ReasonReady           = "AsDeclared"
	ReasonObserved        = "Observed"
	ReasonNoDrift         = "NoDrift"
	ReasonDrifted         = "Drifted"
	ReasonSuspended       = "Suspended"
	ReasonDeleting        = "Deleting"
	ReasonAccountNotFound = "AccountNotFound"
	// ReasonAccountMismatch: the credentials belong to another account than spec.accountID.
	ReasonAccountMismatch = "AccountMismatch"
	// ReasonNamespaceNotAllowed: spec.allowedNamespaces of the account does not select the profile's namespace.
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"
	ReasonInvalidSpec         = "InvalidSpec"
	ReasonGuardrailViolation  = "GuardrailViolation"
	// ReasonClaimNotAllowed: no rule of guardrails.claims of the account lets the namespace use a name that is declared.
	ReasonClaimNotAllowed = "ClaimNotAllowed"
	// ReasonNotOwned: an object of that name exists and is not ours, and adoption is refused.
	ReasonNotOwned = "NotOwned"
	// ReasonContested: somebody changes a field back each time that it is repaired.
	ReasonContested = "Contested"
	// ReasonOwnedByOther: the owner tag names another profile or another installation.
	ReasonOwnedByOther = "OwnedByOther"
	// ReasonRequiresReplacement: a difference is in a field that AWS cannot change.
	ReasonRequiresReplacement = "RequiresReplacement"
	ReasonInUse               = "InUse"
	ReasonUnknown             = "Unknown"
	// ReasonCRDDeleted and ReasonNamespaceDeleted: a profile is being deleted, or may be, only because its CRD or the
	// operator's own namespace is. Nothing is deleted in AWS for that.
	ReasonCRDDeleted       = "CRDDeleted"
	ReasonNamespaceDeleted = "NamespaceDeleted"
	// ReasonHolderUnreadable: the operator may not read whether that is so.
	ReasonHolderUnreadable = "HolderUnreadable"
	ReasonReceiving        = "Receiving"
	ReasonQueueUnreadable  = "QueueUnreadable"
)

const (
	// ReconcileRequestAnnotation asks for a read of AWS at once: any new value does.
	ReconcileRequestAnnotation = "fargatesecurity.io/reconcile-requested-at"
	// ConfirmDeletionAnnotation says of a profile that is being deleted with its CRD or with the operator's namespace that
	// its deletion is meant, in AWS too. Its value is the profile's UID, so that a copy of the manifest says it of no other.
	ConfirmDeletionAnnotation = "fargatesecurity.io/confirm-deletion"
	// ModeBeforeSuspendAnnotation keeps the mode that `kubectl fargatesec suspend` took an object out of, for `resume`. The
	// operator does not read it.
	ModeBeforeSuspendAnnotation = "fargatesecurity.io/mode-before-suspend"
	// Finalizer keeps an object until what belongs to it is gone from AWS, or released.
	Finalizer = "fargatesecurity.io/finalizer"
)
