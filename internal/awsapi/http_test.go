// SPDX-License-Identifier: Apache-2.0

package awsapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// lastBody keeps the body of the last request, and answers nothing.
type lastBody struct{ io.ReadCloser }

func (l *lastBody) Do(r *http.Request) (*http.Response, error) {
	l.ReadCloser = r.Body
	return &http.Response{}, nil
}

// TestPlainBodies sends a body as the SDK makes it.
func TestPlainBodies(t *testing.T) {
	made, err := smithyhttp.NewStackRequest().(*smithyhttp.Request).SetStream(strings.NewReader("Action=ListRoles"))
	if err != nil {
		t.Fatal(err)
	}
	request := made.Build(t.Context())
	if _, ok := request.Body.(io.WriterTo); !ok {
		t.Error("the SDK's bodies have no WriteTo any more: PlainBodies can go")
	}
	sent := &lastBody{}
	if _, err := PlainBodies(sent).Do(request); err != nil {
		t.Fatal(err)
	}
	if _, ok := sent.ReadCloser.(io.WriterTo); ok {
		t.Error("the body that is sent has a WriteTo")
	}
	if text := string(must(io.ReadAll(sent.ReadCloser))); text != "Action=ListRoles" {
		t.Errorf("sent %q", text)
	}
	sdk, err := (&Sessions{}).load(t.Context(), Config{Region: "eu-west-1"})
	if _, ok := sdk.HTTPClient.(plainBodies); err != nil || !ok {
		t.Errorf("the operator's own client is a %T (%v)", sdk.HTTPClient, err)
	}
}

// TestPlainBodiesEverywhere: whoever makes a client of the SDK, in a test or not, goes by the configuration of load or of
// awstest, which have it. One torn connection in a thousand tests is enough to make CI red.
func TestPlainBodiesEverywhere(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && entry.Name() == "bin" {
			return skip(err)
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			made, ok := n.(*ast.CompositeLit)
			if !ok || len(made.Elts) == 0 || !isSDKOptions(made.Type) {
				return true
			}
			seen++
			if filepath.Base(path) != "awstest.go" {
				t.Errorf("%s configures the SDK: use awstest.Config", set.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil || seen == 0 {
		t.Errorf("%d configurations seen (%v): want that of awstest at least", seen, err)
	}
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// isSDKOptions: aws.Config, or the Options of a service.
func isSDKOptions(made ast.Expr) bool {
	sel, ok := made.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	switch pkg.Name {
	case "aws":
		return sel.Sel.Name == "Config"
	case "eks", "iam", "ec2", "kms", "cloudwatchlogs", "sqs", "sts", "resourcegroupstaggingapi", "tagging":
		return sel.Sel.Name == "Options"
	}
	return false
}
