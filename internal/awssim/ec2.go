// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
)

// ec2State is what EC2 holds in one account and Region.
type ec2State struct {
	vpcs        map[string]*ec2VPC
	subnets     map[string]*ec2Subnet
	gateways    map[string]*ec2Gateway
	nats        map[string]*ec2NAT
	routeTables map[string]*ec2RouteTable
	interfaces  map[string]*ec2Interface
	prefixLists map[string]*ec2PrefixList
	groups      map[string]*ec2Group
	rules       map[string]*ec2Rule
}

// newEC2State returns an empty Region.
func newEC2State() *ec2State {
	return &ec2State{
		vpcs:        map[string]*ec2VPC{},
		subnets:     map[string]*ec2Subnet{},
		gateways:    map[string]*ec2Gateway{},
		nats:        map[string]*ec2NAT{},
		routeTables: map[string]*ec2RouteTable{},
		interfaces:  map[string]*ec2Interface{},
		prefixLists: map[string]*ec2PrefixList{},
		groups:      map[string]*ec2Group{},
		rules:       map[string]*ec2Rule{},
	}
}

// ec2ID returns an id such as sg-0 and 16 hexadecimal digits: EC2 user guide
// "Resource IDs".
func ec2ID(prefix string) string {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw) // never fails: package crypto/rand
	return prefix + "-0" + hex.EncodeToString(raw)
}

// registerEC2 adds EC2's operations.
func (s *Sim) registerEC2() {
	ops := map[string]operation{}
	maps.Copy(ops, ec2NetworkOperations())
	maps.Copy(ops, ec2RouteOperations())
	maps.Copy(ops, ec2InterfaceOperations())
	maps.Copy(ops, ec2PrefixListOperations())
	maps.Copy(ops, ec2GroupOperations())
	maps.Copy(ops, ec2RuleOperations())
	maps.Copy(ops, ec2TagOperations())
	s.register("ec2", ops)
	s.registerProtocol("ec2", queryProtocol{})
}

// dryRunner is an input that can ask for a rehearsal.
type dryRunner interface{ dryRun() bool }

// ec2DryRun is the member that nearly all operations of EC2 share.
type ec2DryRun struct {
	DryRun bool `q:"DryRun"`
}

func (d *ec2DryRun) dryRun() bool { return d.DryRun }

// ec2Op is a query operation of EC2.
func ec2Op[I any](write bool, run func(s *Sim, st *ec2State, c *call, in *I) (any, error)) operation {
	return queryOp(write, ec2Problem, func(s *Sim, c *call, in *I) (any, error) {
		// EC2 API reference, "DryRun" of each operation.
		if d, ok := any(in).(dryRunner); ok && d.dryRun() {
			return nil, errf(http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
		}
		return run(s, s.regionOf(c).ec2, c, in)
	})
}

// ec2Problem words a decoding problem as EC2 does: EC2 API reference "Error
// codes", MissingParameter, InvalidParameterValue and UnknownParameter.
func ec2Problem(p *queryProblem) error {
	switch p.Kind {
	case "missing":
		return badEC2("MissingParameter", "The request must contain the parameter %s", p.Member)
	case "malformed":
		return badEC2("InvalidParameterValue", "Invalid value '%s' for %s", p.Value, p.Member)
	default:
		return badEC2("UnknownParameter", "awssim does not model the parameter %s", p.Member)
	}
}

// badEC2 is an error of EC2; nearly all of them have status 400: EC2 API
// reference "Error codes", "Client error codes".
func badEC2(code, format string, args ...any) *apiError {
	return errf(http.StatusBadRequest, code, format, args...)
}

// checkID checks that an id begins as its kind does.
func checkID(code, id, prefix string) error {
	if !strings.HasPrefix(id, prefix) || len(id) == len(prefix) {
		return badEC2(code, "Invalid id: \"%s\" (expecting \"%s...\")", id, prefix)
	}
	return nil
}

// ec2ARN is the ARN of something in EC2.
func ec2ARN(region, account, kind, id string) string {
	return arnIn("ec2", region, account, kind+"/"+id)
}

func (c *call) ec2ARN(kind, id string) string { return ec2ARN(c.Region, c.Account, kind, id) }

// ec2Paging are the members that all describing operations share.
type ec2Paging struct {
	NextToken  string `q:"NextToken"`
	MaxResults *int   `q:"MaxResults"`
}

// ec2PageOf cuts a page. Without MaxResults everything comes at once (EC2 API
// reference, MaxResults of each operation), unless the simulator was told to
// make small pages.
func ec2PageOf[T any](s *Sim, p ec2Paging, least, most int, items []T, key func(T) string) ([]T, string, error) {
	size := s.pageSize(0, math.MaxInt)
	if p.MaxResults != nil {
		if *p.MaxResults < least || *p.MaxResults > most {
			return nil, "", badEC2("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between %d and %d.", *p.MaxResults, least, most)
		}
		size = s.pageSize(*p.MaxResults, most)
	}
	out, next, ok := page(items, key, p.NextToken, min(size, len(items)+1))
	if !ok {
		return nil, "", badEC2("InvalidPaginationToken", "The pagination token is not valid.")
	}
	return out, next, nil
}

// inOrder lists the values of a map in the order of their keys.
func inOrder[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

// pick returns those of a map that were asked for by id (all if none was).
func pick[T any](m map[string]T, ids []string, missing func(id string) error) ([]T, error) {
	if len(ids) == 0 {
		return inOrder(m), nil
	}
	found := map[string]T{}
	for _, id := range ids {
		v, ok := m[id]
		if !ok {
			return nil, missing(id)
		}
		found[id] = v
	}
	return inOrder(found), nil
}

// returnXML is the answer of an operation that only says yes.
type returnXML struct {
	Return bool `xml:"return"`
}
