// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`([a-z0-9]+)\\.(Test\\w+)`")
	testFunc  = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// rootPages are those at the root that name tests and decisions. (docs/reliability.md is held by hack/mutants.)
var rootPages = []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/comparison.md"}

// TestNamedTestsAreThere: a page that says which test holds something names one that there is, as package.Test, with the
// package's directory.
func TestNamedTestsAreThere(t *testing.T) {
	tests := map[string]bool{}
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "bin" || path != root && strings.HasPrefix(entry.Name(), ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // of this repository
		for _, f := range testFunc.FindAllSubmatch(text, -1) {
			tests[filepath.Base(filepath.Dir(path))+"."+string(f[1])] = true
		}
		return err
	}))
	for _, page := range rootPages {
		text, err := os.ReadFile(filepath.Join(root, page))
		must(t, err)
		for _, named := range namedTest.FindAllStringSubmatch(string(text), -1) {
			if name := named[1] + "." + named[2]; !tests[name] {
				t.Errorf("%s names the test %s, which is not there", page, name)
			}
		}
	}
}

// TestLinksLeadSomewhere: what a page links to inside the repository is there, the heading too.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range rootPages {
		text, err := os.ReadFile(filepath.Join(root, page))
		must(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			target, heading, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(root, filepath.Dir(page), target)
			if target == "" {
				path = filepath.Join(root, page)
			}
			content, err := os.ReadFile(path) //nolint:gosec // of this repository
			if info, errStat := os.Stat(path); errStat == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s links to %s: %v", page, found[1], err)
			} else if heading != "" && !headings(string(content))[heading] {
				t.Errorf("%s links to %s, and there is no such heading", page, found[1])
			}
		}
	}
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)

// headings are the anchors that GitHub makes of a page's headings.
func headings(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "#") {
			title := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			anchors[strings.ReplaceAll(notInAnchors.ReplaceAllString(title, ""), " ", "-")] = true
		}
	}
	return anchors
}
