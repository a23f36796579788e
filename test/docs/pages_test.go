// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryCommandIsRunOrListed: each block of commands is run by TestCommands or stands among the exceptions, and each exception is of use.
func TestEveryCommandIsRunOrListed(t *testing.T) {
	found, err := readPages(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range check(found) {
		t.Error(err)
	}
	for _, e := range exceptions {
		if e.why == "" {
			t.Errorf("the exception %s has no reason", e)
		}
	}
	for _, p := range pages {
		if len(found[p.name]) == 0 {
			t.Errorf("%s is to be run, and has no commands", p.name)
		}
	}
}

// check returns what is wrong with the pages, by page and line.
func check(found map[string][]block) []error {
	unused := map[exception]bool{}
	for _, e := range exceptions {
		unused[e] = true
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(found)) {
		isRun := slices.ContainsFunc(pages, func(p page) bool { return p.name == name })
		for _, b := range found[name] {
			elsewhere := false
			left := runnable(b, exceptions, func(e exception) {
				delete(unused, e)
				elsewhere = elsewhere || e.why == byE2E
			})
			if len(left) > 0 && !isRun {
				errs = append(errs, fmt.Errorf("%s: no test runs these commands: add the page to pages, or say in exceptions why they cannot run", b))
			}
			if elsewhere {
				errs = append(errs, checkUninstall(b))
			}
			errs = append(errs, checkSyntax(b), checkTargets(b))
		}
	}
	for e := range unused {
		errs = append(errs, fmt.Errorf("the exception %s fits no command: take it away", e))
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// TestTheCheckSeesWhatIsWrong: what the check is for.
func TestTheCheckSeesWhatIsWrong(t *testing.T) {
	fenced := func(page, text string) map[string][]block {
		return map[string][]block{page: blocks(page, "# The CRDs went first\n\n```sh\n"+text+"\n```\n")}
	}
	for want, page := range map[string]map[string][]block{
		"docs/new.md:4: no test runs these":           fenced("docs/new.md", "kubectl get fsp"),
		"docs/uninstall.md:4: e2e.TestUninstalling":   fenced("docs/uninstall.md", "kubectl get nodes"),
		"docs/new.md:4: bash cannot read it":          fenced("docs/new.md", "if true"),
		`docs/new.md:4: make has no target "nothing"`: fenced("docs/new.md", "make nothing"),
		"docs/new.md:5: there is no ./hack/nothing":   fenced("docs/new.md", "true\ngo run ./hack/nothing -v"),
		`the exception docs/iam.md "" "aws eks`:       {},
	} {
		if got := errors.Join(check(page)...); got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("want %q, got:\n%v", want, got)
		}
	}
	text := "```yaml\n$ a\n```\n   ```sh\n   x <<E\n    y\n   E\n   ```\n```\n$ b\n```\n```console\n$ c\nprinted\n$ d\n```\n"
	if got, want := fmt.Sprint(blocks("p", text)), "[p:5 p:13]"; got != want {
		t.Errorf("blocks: got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(blocks("p", text)[0].lines, blocks("p", text)[1].lines), "[{5 x <<E} {6  y} {7 E}] [{13 c} {15 d}]"; got != want {
		t.Errorf("lines: got %s, want %s", got, want)
	}
	long := block{page: "docs/iam.md", heading: "H", lines: []line{{1, "a"}, {2, `aws account enable-region \`}, {3, "  --x"}, {4, "b"}}}
	if got, want := fmt.Sprint(runnable(long, exceptions, func(exception) {})), "[{1 a} {4 b}]"; got != want {
		t.Errorf("without the exception: got %s, want %s", got, want)
	}
}

func checkSyntax(b block) error {
	shell := exec.Command("bash", "-n")
	shell.Stdin = strings.NewReader(script(b.lines))
	if out, err := shell.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: bash cannot read it: %s", b, out)
	}
	return nil
}

var (
	makeTarget = regexp.MustCompile(`(?m)^make ([a-z][a-z0-9-]*)`)
	goRun      = regexp.MustCompile(`(?m)^go run (\./\S+)`)
)

// checkTargets looks whether there is what make and go are asked for.
func checkTargets(b block) error {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return err
	}
	for _, l := range b.lines {
		if m := makeTarget.FindStringSubmatch(l.text); m != nil && !strings.Contains("\n"+string(makefile), "\n"+m[1]+":") {
			return fmt.Errorf("%s:%d: make has no target %q", b.page, l.number, m[1])
		}
		if m := goRun.FindStringSubmatch(l.text); m != nil {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				return fmt.Errorf("%s:%d: there is no %s", b.page, l.number, m[1])
			}
		}
	}
	return nil
}

var pasted = regexp.MustCompile(`paste\(t, "([^"]+)", "([^"]*)"\)`)

// checkUninstall looks whether the end-to-end test of uninstalling pastes the block.
func checkUninstall(b block) error {
	test, err := os.ReadFile(filepath.Join(root, "test", "e2e", "uninstall_test.go"))
	if err != nil {
		return err
	}
	for _, words := range pasted.FindAllStringSubmatch(string(test), -1) {
		if words[1] == b.heading && strings.Contains(script(b.lines), words[2]) {
			return nil
		}
	}
	return fmt.Errorf("%s: e2e.TestUninstalling does not run this block", b)
}
