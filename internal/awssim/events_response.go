// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// responseElements are what a call answered, as CloudTrail spells it: nothing
// for an answer without members. EC2's has the id of the request in it:
// https://github.com/wazuh/wazuh/issues/36209. KMS's names the key even where
// the answer is empty: https://docs.aws.amazon.com/kms/latest/developerguide/ct-createalias.html.
func responseElements(c *call, requestID string, out any) map[string]any {
	elements := map[string]any{}
	switch c.Service {
	case "ec2":
		elements = xmlElements(out, "item")
		elements["requestId"] = requestID
		if c.Operation == "ModifySecurityGroupRules" { // see ec2Parameters
			return map[string]any{c.Operation + "Response": elements}
		}
		if value, ok := elements["return"]; ok {
			delete(elements, "return")
			elements["_return"] = value
		}
	case "iam":
		spelled, _ := camel(xmlElements(out, "member")).(map[string]any)
		elements = spelled
	default:
		if body, ok := out.(json.RawMessage); ok {
			_ = json.Unmarshal(body, &elements) // the simulator's own answer
		}
	}
	if c.Service == "kms" {
		spelled, _ := camel(elements).(map[string]any)
		elements = spelled
		if len(elements) == 0 && keyOf(c) != "" {
			elements["keyId"] = keyOf(c)
		}
	}
	return elements
}

// keyOf is the ARN of the key that a call of KMS is about.
func keyOf(c *call) string {
	if c.keyARN == "" && strings.Contains(c.Resource, ":key/") {
		return c.Resource
	}
	return c.keyARN
}

// kmsResources are the key, and the alias of the operations on aliases:
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-createalias.html.
func kmsResources(c *call) []any {
	out := []any{}
	add := func(arn string) {
		out = append(out, map[string]any{"accountId": c.Account, "type": "AWS::KMS::Key", "ARN": arn})
	}
	if key := keyOf(c); key != "" {
		add(key)
	}
	if alias := jsonField(c.Body, "AliasName"); alias != "" {
		add(arnIn("kms", c.Region, c.Account, alias))
	}
	return out
}

// xmlElements reads an answer of a query service back. Lists are of elements
// of one name; EC2's become {"items": [...]}, IAM's plain lists.
func xmlElements(out any, element string) map[string]any {
	members, err := xmlMembers(out)
	if err != nil {
		return map[string]any{}
	}
	r := xmlReader{xml.NewDecoder(bytes.NewReader(members)), element}
	value, _ := r.children()
	tree, ok := value.(map[string]any)
	if !ok {
		return map[string]any{}
	}
	return tree
}

type xmlReader struct {
	decoder *xml.Decoder
	element string
}

// children reads to the end of an element: a map, a list or a text.
func (r xmlReader) children() (any, error) {
	var text strings.Builder
	members, list := map[string]any{}, []any{}
	for {
		token, err := r.decoder.Token()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			value, err := r.children()
			if err != nil {
				return nil, err
			}
			if t.Name.Local == r.element {
				list = append(list, value)
			} else if value != "" { // an empty list looks so, too
				members[t.Name.Local] = typed(t.Name.Local, value)
			}
		case xml.CharData:
			text.Write(t)
		case xml.EndElement, nil:
			return r.whole(members, list, text.String()), nil
		}
	}
}

func (r xmlReader) whole(members map[string]any, list []any, text string) any {
	switch {
	case len(list) > 0 && r.element == "item":
		return map[string]any{"items": list}
	case len(list) > 0:
		return list
	case len(members) > 0:
		return members
	}
	return text
}

// typed makes booleans and ports of texts.
func typed(name string, value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if n, err := strconv.Atoi(text); err == nil && strings.HasSuffix(name, "Port") {
		return n
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}
