// SPDX-License-Identifier: Apache-2.0

// Package storage is an AWS service that does not exist, in memory: shelves, and boxes that stand on them. It is as AWS's
// are: names that are taken are refused, a shelf in use is not deleted, tags are part of a creation, errors have codes. Each
// call is logged, and can be made to go wrong.
package storage

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/aws/smithy-go"
)

// Shelf is a shelf as DescribeShelf tells of it.
type Shelf struct {
	Name, ARN string
	Height    int32
	Tags      map[string]string
}

// Box is a box as DescribeBox tells of it.
type Box struct {
	Name, ARN, ShelfARN, Colour string
	Height                      int32
	Tags                        map[string]string
}

// Call is one call, as the log keeps it.
type Call struct {
	Action, Name string
	Write        bool
	// Code is the error's, "" for success.
	Code string
}

// String is the action and the name of the object.
func (c Call) String() string { return c.Action + " " + c.Name }

// Service is one account's. It is safe for concurrent use.
type Service struct {
	// Before is called before each call: an error that it returns is the answer, and nothing is done. After is called once a
	// call has had its effect, before it is answered. Both are set before the service is used, and may be nil.
	Before func(Call) error
	After  func(Call)

	mu      sync.Mutex
	shelves map[string]*Shelf
	boxes   map[string]*Box
	calls   []Call
}

// accounts are the services by the endpoint of their account.
var accounts sync.Map

// At returns the service of the account behind an endpoint: the same one for the same endpoint.
func At(endpoint string) *Service {
	service, _ := accounts.LoadOrStore(endpoint, &Service{shelves: map[string]*Shelf{}, boxes: map[string]*Box{}})
	return service.(*Service) // nothing else is stored
}

// The codes of errors.
const (
	CodeNotFound = "ResourceNotFoundException"
	CodeTaken    = "ResourceAlreadyExistsException"
	CodeInUse    = "ResourceInUseException"
	CodeDenied   = "AccessDeniedException"
)

// Denied is what Before returns to refuse a call.
func Denied(c Call) error {
	return fault(c.Action, CodeDenied, "not authorized to perform storage:"+c.Action)
}

func fault(action, code, message string) error {
	return &smithy.OperationError{ServiceID: "Storage", OperationName: action,
		Err: &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}}
}

// ARN is that of an object: typ is shelf or box.
func ARN(typ, name string) string {
	return "arn:aws:storage:eu-west-1:111122223333:" + typ + "/" + name
}

// call runs one call: it is logged, and may go wrong before it has its effect.
func (s *Service) call(ctx context.Context, c Call, effect func() (code, message string)) error {
	err := ctx.Err()
	if err == nil && s.Before != nil {
		err = s.Before(c)
	}
	s.mu.Lock()
	if err == nil {
		if code, message := effect(); code != "" {
			c.Code, err = code, fault(c.Action, code, message)
		}
	} else {
		c.Code = CodeDenied
	}
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	if s.After != nil {
		s.After(c)
	}
	return err
}

// Calls returns the log.
func (s *Service) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Writes lists what the calls that succeeded have written, since the log had a number of calls.
func (s *Service) Writes(since int) []string {
	var list []string
	for _, c := range s.Calls()[since:] {
		if c.Write && c.Code == "" {
			list = append(list, c.String())
		}
	}
	return list
}

// Stock returns all objects, as copies.
func (s *Service) Stock() (shelves map[string]Shelf, boxes map[string]Box) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shelves, boxes = map[string]Shelf{}, map[string]Box{}
	for name, shelf := range s.shelves {
		shelves[name] = *copyOf(shelf, &shelf.Tags)
	}
	for name, box := range s.boxes {
		boxes[name] = *copyOf(box, &box.Tags)
	}
	return shelves, boxes
}

// copyOf copies an object. tags are its own.
func copyOf[T any](object *T, tags *map[string]string) *T {
	was := *tags
	*tags = maps.Clone(was)
	copied := *object
	*tags = was
	return &copied
}
