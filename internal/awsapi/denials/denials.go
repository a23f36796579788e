// SPDX-License-Identifier: Apache-2.0

// Package denials says from AWS's words who refuses a call, and what would let it through. It calls nobody.
package denials

import "strings"

// denier is a kind of policy that can refuse what the operator's own IAM policy allows.
type denier struct {
	// words are how AWS names it in its refusals: "with an explicit deny in a service control policy", "because no
	// permissions boundary allows the ... action". An explicit refusal of a session policy calls it a sessions policy.
	words []string
	// advice says what has to change.
	advice string
}

// deniers are the kinds of policies of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html. Of two in one text, "in a VPC endpoint
// policy transitively through a service control policy", the page names the latter as the one to look at, so it is first.
var deniers = []denier{
	{[]string{"service control policy"}, "a service control policy (SCP) of the organization refuses it, whatever the operator's IAM policy says: change that one"},
	{[]string{"resource control policy"}, "a resource control policy (RCP) of the organization refuses it, whatever the operator's IAM policy says: change that one"},
	{[]string{"permissions boundary"}, "the permissions boundary of the operator's role does not let it, whatever its IAM policy says: change the boundary"},
	{[]string{"session policy", "sessions policy"}, "the session policy that the operator's session was begun with does not let it, whatever its IAM policy says: change that one"},
	{[]string{"VPC endpoint policy"}, "the policy of the VPC endpoint that the call went through does not let it, whatever the operator's IAM policy says: change that one"},
	{[]string{"role trust policy"}, "change the trust policy of the role (docs/iam.md)"},
	{[]string{"resource-based policy"}, "the policy of the resource itself, such as a key policy, does not let the operator: change that one"},
}

// Advice says what would let a call through that AWS has refused with this code and these words.
func Advice(code, said string) string {
	folded := strings.ToLower(said)
	explicit := strings.Contains(folded, "explicit deny")
	switch by := By(said); {
	case by != "":
		return by
	case explicit && strings.Contains(folded, "identity-based policy"):
		return "an IAM policy of the operator's role or user has a Deny statement for it: change that one"
	case explicit:
		return "a Deny statement refuses it: look for one in the policies of the operator's role, its permissions boundary and the organization's service control policies"
	case code == "OptInRequired":
		return "the account is not activated yet, or not subscribed to the service"
	}
	return "allow the action in the operator's IAM policy (docs/iam.md)"
}

// By is the advice for the policy that AWS names, "" when it names none, or the operator's own.
func By(said string) string {
	folded := strings.ToLower(said)
	for _, d := range deniers {
		for _, words := range d.words {
			if strings.Contains(folded, strings.ToLower(words)) {
				return d.advice
			}
		}
	}
	return ""
}
