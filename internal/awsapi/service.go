// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"maps"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fargate-security/fargate-security-operator/internal/failure"
)

// services are the AWS services that the operator calls. A service is a file of its name with its interface and its
// service value, a field of Clients, and a line here. service_test.go names what a service lacks.
//
// The published policy has its statements in this order.
var services = []*service{
	&iamService, &stsService, &eksService, &ec2Service, &kmsService, &logsService, &sqsService, &taggingService,
}

// service is what is about one AWS service and no other.
type service struct {
	// id is the SDK's service id, such as "CloudWatch Logs".
	id string
	// client is the interface that the service is called through: the type of a field of Clients.
	client reflect.Type
	// connect sets that field.
	connect func(aws.Config, *Clients)

	// codes are the error codes of the service's own answers. Those that several services share are in errors.go.
	codes map[string]failure.Kind
	// exists are those of codes that refuse to create what exists already. They must not be Invalid: the next pass finds
	// the object, which another process or a lost answer has created.
	exists []string
	// noNotFound says why no code means that an object does not exist.
	noNotFound string

	// perOperation: the service limits the rate of every operation by itself, and says so.
	perOperation bool
	// global: the service has one endpoint for all Regions of a partition, and one set of rate limits.
	global bool

	// prefix is that of the service's IAM actions.
	prefix string
	// renamed are the operations that IAM checks as an action of another name, both without the prefix.
	renamed map[string]string
	// implied are the IAM actions that AWS checks although the interface has no operation of that name.
	implied []string
	// policy is the service's part of the published policy.
	policy grants
}

// serviceOf finds a service by the SDK's service id; nil where the operator does not call it itself, as IAM Identity
// Center, of which the SDK may get its credentials.
func serviceOf(id string) *service {
	for _, s := range services {
		if s.id == id {
			return s
		}
	}
	return nil
}

// isGlobal tells, by the SDK's service id, a service that is one for all Regions of a partition.
func isGlobal(id string) bool {
	s := serviceOf(id)
	return s != nil && s.global
}

// action is the IAM action that an operation is checked as.
func (s *service) action(operation string) string {
	if name, ok := s.renamed[operation]; ok {
		operation = name
	}
	return s.prefix + ":" + operation
}

// actions are the IAM actions that the service's part of the code can use.
func (s *service) actions() []string {
	var all []string
	for operation := range s.client.Methods() {
		all = append(all, s.action(operation.Name))
	}
	return append(all, s.implied...)
}

// ActionName is the IAM action of an operation of the SDK's service id, e.g. logs:CreateLogGroup of CloudWatch Logs.
func ActionName(serviceID, operation string) string {
	if s := serviceOf(serviceID); s != nil {
		return s.action(operation)
	}
	return strings.ToLower(serviceID) + ":" + operation
}

// kindByCode is what each error code means, whatever service answers it. No two services mean different things by one
// code; a test sees to that.
var kindByCode = func() map[string]failure.Kind {
	all := maps.Clone(commonCodes)
	for _, s := range services {
		maps.Copy(all, s.codes)
	}
	return all
}()
