// SPDX-License-Identifier: Apache-2.0

// Package events takes CloudTrail's records of API calls out of an SQS queue, where EventBridge put them, and says which
// AWS objects each call touched and who made it. It knows nothing of Kubernetes: who looks after an object is the
// matter of whoever handles the changes.
package events

import "time"

// Kind is a kind of AWS object that the operator looks at. The kinds are in the services' files.
type Kind string

// Any is the name of an object that a record does not name: it can be any of its kind.
const Any = "*"

// Object is an AWS object that a call touched.
type Object struct {
	Kind Kind
	Name string
}

// Change is an API call that may have changed something.
type Change struct {
	// ID is CloudTrail's eventID: the same in each copy of the record.
	ID   string
	Time time.Time
	// Source is the service's eventSource, such as iam.amazonaws.com, Name the call's, such as AttachRolePolicy.
	Source, Name string
	// Region is where the call was made: us-east-1 for IAM. Account is the account that it changed.
	Region, Account string
	// Actor is the ARN of who made the call, the session's name included, since that names the person behind
	// single sign-on; the service's name (autoscaling.amazonaws.com) where AWS itself did, "" where the record has neither.
	Actor     string
	RequestID string
	// Failed calls changed nothing.
	Failed bool
	// Tags: the call changes tags and nothing else.
	Tags bool
	// Objects are sorted, each is there once. A call that touches none that we look at has none.
	Objects []Object
}
