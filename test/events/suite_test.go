// SPDX-License-Identifier: Apache-2.0

// Package events_test tries config/aws with what others wrote: cfn-lint reads the templates, a reader of Terraform's
// language the modules, and moto makes the stacks, takes events through their rules, and has the operator's poller find
// them in the queue.
package events_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/test/processes"
)

const (
	stacks  = "../../config/aws/cloudformation/"
	modules = "../../config/aws/terraform/"
)

// program is one of bin/venv.
func program(t *testing.T, name string) string {
	t.Helper()
	venv := os.Getenv("VIRTUAL_ENV")
	if venv == "" {
		venv = "../../bin/venv"
	}
	path, err := filepath.Abs(filepath.Join(venv, "bin", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: `make venv` installs it", err)
	}
	return path
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	out, err := processes.Run(program(t, name), env, "", args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// object is JSON, YAML or HCL that was decoded.
type object = map[string]any

// template reads a CloudFormation template.
func template(t *testing.T, name string) object {
	t.Helper()
	content, err := os.ReadFile(stacks + name)
	if err != nil {
		t.Fatal(err)
	}
	var tmpl object
	if err := yaml.Unmarshal(content, &tmpl); err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// module reads a Terraform module. Blocks of the same name are joined; an expression stays a text in ${}.
func module(t *testing.T, name string) object {
	t.Helper()
	const script = "import hcl2, json, sys; print(json.dumps(hcl2.load(open(sys.argv[1]))))"
	var mod object
	out := run(t, processes.BareEnv(t.TempDir()), "python", "-c", script, modules+name+"/main.tf")
	if err := json.Unmarshal([]byte(out), &mod); err != nil {
		t.Fatal(err)
	}
	return plain(mod).(object)
}

// plain takes the quotes and markers out that the reader leaves in.
func plain(value any) any {
	switch value := value.(type) {
	case string:
		return strings.Trim(value, `"`)
	case []any:
		all := []any{}
		for _, element := range value {
			all = append(all, plain(element))
		}
		return all
	case object:
		fields := object{}
		for key, element := range value {
			if key != "__is_block__" {
				fields[strings.Trim(key, `"`)] = plain(element)
			}
		}
		return fields
	}
	return value
}

// at follows names and numbers into value.
func at(t *testing.T, value any, path ...any) any {
	t.Helper()
	for i, step := range path {
		fields, isObject := value.(object)
		list, isList := value.([]any)
		switch step := step.(type) {
		case string:
			if !isObject || fields[step] == nil {
				t.Fatalf("nothing at %v", path[:i+1])
			}
			value = fields[step]
		case int:
			if !isList || step >= len(list) {
				t.Fatalf("nothing at %v", path[:i+1])
			}
			value = list[step]
		}
	}
	return value
}

// block finds the block with two labels in a module, such as resource "aws_sqs_queue" "events".
func block(t *testing.T, mod object, kind, label, name string) object {
	t.Helper()
	for _, b := range at(t, mod, kind).([]any) {
		if byName, ok := b.(object)[label].(object); ok && byName[name] != nil {
			return byName[name].(object)
		}
	}
	t.Fatalf("the module has no %s %s.%s", kind, label, name)
	return nil
}

func text(t *testing.T, value any) string {
	t.Helper()
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// same compares as JSON.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := text(t, got), text(t, want); g != w {
		t.Errorf("%s:\ngot  %s\nwant %s", what, g, w)
	}
}

func sortedKeys(o object) []string {
	keys := []string{}
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
