// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/test/processes"
)

// operatorUser is the operator in the API server's audit log.
const operatorUser = "system:serviceaccount:" + processes.SystemNamespace + ":" + processes.ManagerAccount

// audit counts what the operator writes to the API server, by the server's own log.
type audit struct {
	path   string
	offset int64
	counts map[string]int // by verb and resource
}

type auditLine struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	Object struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
}

// writes are all that were logged so far.
func (a *audit) writes() (map[string]int, error) {
	file, err := os.Open(a.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(a.offset, io.SeekStart); err != nil {
		return nil, err
	}
	for in := bufio.NewReader(file); ; {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return maps.Clone(a.counts), nil // a line that is not whole yet is read next time
		}
		if err != nil {
			return nil, err
		}
		a.offset += int64(len(text))
		var line auditLine
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, fmt.Errorf("the audit log: %w", err)
		}
		a.count(line)
	}
}

func (a *audit) count(line auditLine) {
	if line.User.Username != operatorUser || !slices.Contains([]string{"create", "update", "patch", "delete"}, line.Verb) {
		return
	}
	what := line.Object.Resource
	if line.Object.Subresource != "" {
		what += "/" + line.Object.Subresource
	}
	a.counts[line.Verb+" "+what]++
}

// more is what came on top of before, in all and in words.
func more(before, after map[string]int) (n int, words string) {
	var list []string
	for what, count := range after {
		if added := count - before[what]; added > 0 {
			n += added
			list = append(list, fmt.Sprintf("%d %s", added, what))
		}
	}
	slices.Sort(list)
	return n, strings.Join(list, ", ")
}
