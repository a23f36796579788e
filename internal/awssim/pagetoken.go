// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"strings"
)

// tokenMembers are the members that carry the token of the next page: Marker
// in IAM and KMS, PaginationToken in the Tagging API, NextToken in EC2, and
// nextToken in EKS and CloudWatch Logs.
var tokenMembers = []string{"Marker", "PaginationToken", "NextToken", "nextToken"}

// spoiled is no token of any list: page refuses it.
const spoiled = "expired!"

// paged tells that a call asks for a further page of a list.
func (c *call) paged() bool { return c.tokenMember() != "" }

// tokenMember is the member of the call that holds a page token, "" if none does.
func (c *call) tokenMember() string {
	held := c.Params.Get
	if c.Params == nil { // JSON
		var body map[string]json.RawMessage
		if json.Unmarshal(c.Body, &body) != nil {
			return ""
		}
		held = func(name string) string { return strings.Trim(string(body[name]), `"`) }
	}
	for _, name := range tokenMembers {
		if token := held(name); token != "" && token != "null" {
			return name
		}
	}
	return ""
}

// expireToken makes the call's page token one that is good no more. The
// operation then answers as its service does: EC2 InvalidPaginationToken ("not
// valid or is expired": EC2 API reference "Error codes"), the Tagging API
// PaginationTokenExpiredException and KMS InvalidMarkerException (their API
// references), EKS and CloudWatch Logs InvalidParameterException, the only
// error about the request that the API references of their lists have, and
// IAM ValidationError (IAM API reference "Common errors").
func (c *call) expireToken() error {
	name := c.tokenMember()
	if c.Params != nil {
		c.Params.Set(name, spoiled)
		return nil
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return err
	}
	body[name] = json.RawMessage(`"` + spoiled + `"`)
	var err error
	c.Body, err = json.Marshal(body)
	return err
}
