// SPDX-License-Identifier: Apache-2.0

package models_test

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// limits holds the values of answers against the lengths, ranges and patterns of their shapes, and counts what it did.
type limits struct {
	lengths, ranges, patterns int
	compiled                  map[string]*regexp.Regexp
}

// text checks the length and the pattern of a text. Lengths of texts are in characters: Smithy, "length trait".
func (l *limits) text(s shape, text string) error {
	if err := l.length(s, utf8.RuneCountInString(text)); err != nil {
		return err
	}
	if s.Pattern == "" {
		return nil
	}
	l.patterns++
	pattern, err := l.compile(s.Pattern)
	if err == nil && !pattern.MatchString(text) {
		err = fmt.Errorf("%q is not like %s", text, s.Pattern)
	}
	return err
}

// compile keeps patterns, since the same few come again and again.
func (l *limits) compile(pattern string) (*regexp.Regexp, error) {
	if known := l.compiled[pattern]; known != nil {
		return known, nil
	}
	compiled, err := patternOf(pattern)
	if err != nil {
		return nil, err
	}
	if l.compiled == nil {
		l.compiled = map[string]*regexp.Regexp{}
	}
	l.compiled[pattern] = compiled
	return compiled, nil
}

// otherEscape is how botocore's patterns write a character by its number, which Go's have another way for.
var otherEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// patternOf is a pattern of a model in Go. It holds for the whole text.
func patternOf(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`^(?:` + otherEscape.ReplaceAllString(pattern, `\x{$1}`) + `)$`)
}

// length checks how long a text, a list or a map is.
func (l *limits) length(s shape, n int) error {
	if s.Min == nil && s.Max == nil {
		return nil
	}
	l.lengths++
	return within(s, float64(n), "its length")
}

// number checks the range of a number.
func (l *limits) number(s shape, n float64) error {
	if s.Min == nil && s.Max == nil {
		return nil
	}
	l.ranges++
	return within(s, n, "it")
}

func within(s shape, n float64, what string) error {
	switch {
	case s.Min != nil && n < *s.Min:
		return fmt.Errorf("%s is %v, and at least %v in the model", what, n, *s.Min)
	case s.Max != nil && n > *s.Max:
		return fmt.Errorf("%s is %v, and at most %v in the model", what, n, *s.Max)
	}
	return nil
}
