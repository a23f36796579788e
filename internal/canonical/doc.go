// SPDX-License-Identifier: Apache-2.0

// Package canonical turns what people write and what AWS gives back into one form each, so that two spellings of the
// same thing compare as equal and two different things never do. All of it is pure: no AWS, no Kubernetes.
//
// Everything that compares a declaration with an observation, or shows a value in status, goes through here: policy
// documents, security-group rules, CIDRs, ARNs of log groups, tags and lists.
package canonical
