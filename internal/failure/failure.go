// SPDX-License-Identifier: Apache-2.0

// Package failure says what an error means for what happens next, whatever service it came from.
package failure

// Kind decides what the operator does after an error.
type Kind string

// The kinds, and what follows from each.
const (
	// NotFound: the object, or something that it names, does not exist.
	NotFound Kind = "NotFound"
	// Busy: something is in progress or in use; wait at a fixed interval.
	Busy Kind = "Busy"
	// Throttled: too many calls; back off.
	Throttled Kind = "Throttled"
	// Transient: a passing fault (5xx, time-out, connection); back off.
	Transient Kind = "Transient"
	// Unreachable: the endpoint does not answer at all; back off, and say so.
	Unreachable Kind = "Unreachable"
	// AccessDenied: a permission is missing; retry slowly, and Stalled after a while.
	AccessDenied Kind = "AccessDenied"
	// Quota: a limit of the account is reached; retry slowly, Stalled.
	Quota Kind = "Quota"
	// Invalid: AWS refuses what was declared; Stalled until the spec changes.
	Invalid Kind = "Invalid"
)

// Passing tells that the same call may have another answer in a while, with nothing done about it.
func (k Kind) Passing() bool { return k == Throttled || k == Transient || k == Unreachable }

// Failure is an error as people should see it: Message is stable for the same fault, so it holds no request id, no
// token and no time.
type Failure struct {
	Kind Kind
	// Reason is a CamelCase condition reason.
	Reason string
	// Message names the action, the object and what AWS said.
	Message string
}
