// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// model is what is read of a botocore service model.
type model struct {
	Metadata   struct{ Protocol string }
	Operations map[string]modelOperation
	Shapes     map[string]shape
}

type modelOperation struct {
	Input  *struct{ Shape string }
	Output *struct{ Shape string }
	Errors []struct{ Shape string }
}

type shape struct {
	Type     string
	Required []string
	Members  map[string]member
	Member   *member // of a list
	Key      *member // of a map
	Value    *member // of a map
	Enum     []string
	Min, Max *float64
	Pattern  string
	Error    struct{ Code string }
}

type member struct {
	Shape, Location, LocationName, QueryName string
}

// modelNames are botocore's names of the services, by their signing name.
var modelNames = map[string]string{"eks": "eks", "iam": "iam", "ec2": "ec2", "kms": "kms", "logs": "logs", "tagging": "resourcegroupstaggingapi", "sts": "sts", "sqs": "sqs"}

var models struct {
	once sync.Once
	all  map[string]*model
	err  error
}

// load reads the models of all services out of the pinned environment.
func load(t *testing.T) map[string]*model {
	t.Helper()
	interpreter := python(t)
	models.once.Do(func() { models.all, models.err = readModels(interpreter) })
	if models.err != nil {
		t.Fatalf("botocore's models cannot be read: %v; `make venv` makes the environment", models.err)
	}
	return models.all
}

func readModels(interpreter string) (map[string]*model, error) {
	out, err := exec.Command(interpreter, "-c", "import botocore,os;print(os.path.dirname(botocore.__file__))").Output()
	if err != nil {
		return nil, err
	}
	all := map[string]*model{}
	for service, name := range modelNames {
		versions, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "data", name, "*", "service-2.json.gz"))
		if err != nil || len(versions) == 0 {
			return nil, os.ErrNotExist
		}
		all[service], err = readModel(slices.Max(versions)) // the newest API version
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readModel(path string) (*model, error) {
	file, err := os.Open(path) //nolint:gosec // a path inside of the pinned environment
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var m model
	return &m, json.NewDecoder(text).Decode(&m)
}

// errorCodes are the codes that the model lists for an operation, as they go on the wire.
func (m *model) errorCodes(operation string) []string {
	var codes []string
	for _, e := range m.Operations[operation].Errors {
		codes = append(codes, e.Shape)
		if code := m.Shapes[e.Shape].Error.Code; code != "" {
			codes = append(codes, code)
		}
	}
	return codes
}
