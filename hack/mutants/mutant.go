// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// mutant is one deliberate bug.
type mutant struct {
	name string
	// invariant is the number of the invariant that it breaks (docs/reliability.md), 0 for a rule that belongs to none
	// of them alone.
	invariant int
	edits     []edit
	// test must fail: a test function, or one of its subtests (TestX/sub), wherever it stands. Where several packages
	// have a test of that name, the package comes before it (kmskey.TestX).
	test string
}

// edit replaces a text that stands once in a declaration. Neither file nor line is named, so that code can move.
type edit struct {
	// in names a function, method, type, variable or constant. Where declarations of that name hold the same text, the
	// package, the receiver's type or both come before it (kmskey.Delete, Resource.Delete, kmskey.Resource.Delete).
	in string
	// old stands once in the declaration or its function's body. Blanks, tabs and line ends count as one blank.
	old string
	// new takes its place. Imports are added and dropped as it needs them.
	new string
}

// number is the invariant as it is printed.
func (m mutant) number() string {
	if m.invariant == 0 {
		return "-"
	}
	return strconv.Itoa(m.invariant)
}

// choose returns the mutants whose name, test or test's directory matches, of them the part that a shard ("2/3") asks
// for.
func choose(m *module, pattern, shard string) ([]mutant, error) {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	part, parts, err := parseShard(shard)
	if err != nil {
		return nil, err
	}
	var matching, chosen []mutant
	for _, one := range mutants {
		dir, _, _ := m.testDir(one.test) // whoever runs it is told of a test that is not there
		if wanted.MatchString(one.name) || wanted.MatchString(one.test) || wanted.MatchString(dir) {
			matching = append(matching, one)
		}
	}
	// One after the other, so that each shard gets its share of the slow tests, which stand together.
	for i, one := range matching {
		if i%parts == part-1 {
			chosen = append(chosen, one)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no mutant for -run %q -shard %q", pattern, shard)
	}
	return chosen, nil
}

func parseShard(shard string) (part, parts int, err error) {
	first, second, found := strings.Cut(shard, "/")
	part, err = strconv.Atoi(first)
	if err == nil {
		parts, err = strconv.Atoi(second)
	}
	if !found || err != nil || part < 1 || part > parts {
		return 0, 0, fmt.Errorf("-shard %q: want which part of how many, such as 1/3", shard)
	}
	return part, parts, nil
}
