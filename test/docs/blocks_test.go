// SPDX-License-Identifier: Apache-2.0

// Package docs_test runs the commands of README.md and docs/ as a reader would paste them: page by page and in order, with
// kubectl, the aws command and the plugin, on a real control plane, the operator's binary and the stand-ins for AWS.
// What cannot run here is listed with its reason (exceptions_test.go).
package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// line is a line of a page.
type line struct {
	number int
	text   string
}

// block is a fenced block of commands, below a heading.
type block struct {
	page, heading string
	lines         []line
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.lines[0].number) }

var (
	fence = regexp.MustCompile("^( *)```([a-z]*) *$")
	// shells are the languages of a fence that stand for commands; those of a console stand behind a prompt, between
	// what they print.
	shells = []string{"sh", "bash", "shell", "console"}
)

// blocks returns the page's blocks of commands.
func blocks(page, text string) []block {
	var all []block
	var open *block
	indent, language, heading := "", "", ""
	for i, text := range strings.Split(text, "\n") {
		found := fence.FindStringSubmatch(text)
		switch {
		case found != nil && language == "":
			indent, language = found[1], found[2]
			if language == "" {
				language = "none"
			}
			open = &block{page: page, heading: heading}
		case found != nil:
			if slices.Contains(shells, language) && len(open.lines) > 0 {
				all = append(all, *open)
			}
			language = ""
		case language == "console":
			if command, ok := strings.CutPrefix(strings.TrimPrefix(text, indent), "$ "); ok {
				open.lines = append(open.lines, line{i + 1, command})
			}
		case language == "" && strings.HasPrefix(text, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(text, "#"))
		case language != "":
			open.lines = append(open.lines, line{i + 1, strings.TrimPrefix(text, indent)})
		}
	}
	return all
}

// readPages returns the blocks of all pages: those at the root, and those in docs. Decisions say what was, and hold no commands.
func readPages(root string) (map[string][]block, error) {
	found := map[string][]block{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path) //nolint:gosec // of this repository
			if err != nil {
				return nil, err
			}
			page, err := filepath.Rel(root, path)
			if err != nil {
				return nil, err
			}
			if list := blocks(filepath.ToSlash(page), string(text)); len(list) > 0 {
				found[filepath.ToSlash(page)] = list
			}
		}
	}
	return found, nil
}

// exception is a command that is not run.
type exception struct {
	page string
	// heading narrows it to the blocks below one.
	heading string
	// text is how the line begins.
	text string
	// whole: nothing of the line's block is run.
	whole bool
	why   string
}

func (e exception) String() string { return fmt.Sprintf("%s %q %q", e.page, e.heading, e.text) }

func (e exception) covers(b block, l line) bool {
	return e.page == b.page && (e.heading == "" || e.heading == b.heading) && strings.HasPrefix(l.text, e.text)
}

// runnable returns the lines of the block that are to be run; used is told of the exceptions that took others away.
func runnable(b block, exceptions []exception, used func(exception)) []line {
	var rest []line
	dropping := false // the line goes on below
	for _, l := range b.lines {
		i := slices.IndexFunc(exceptions, func(e exception) bool { return e.covers(b, l) })
		switch {
		case i >= 0:
			used(exceptions[i])
			if exceptions[i].whole {
				return nil
			}
			dropping = true
		case !dropping:
			rest = append(rest, l)
		}
		dropping = dropping && strings.HasSuffix(l.text, `\`)
	}
	isCommand := func(l line) bool {
		text := strings.TrimSpace(l.text)
		return text != "" && !strings.HasPrefix(text, "#")
	}
	if !slices.ContainsFunc(rest, isCommand) {
		return nil
	}
	return rest
}
