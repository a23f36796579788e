// SPDX-License-Identifier: Apache-2.0

// Package style writes text for people: tables, colours, and values that may hold anything.
package style

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
)

// Look is how text for people is written. The zero Look has no colours and cuts long values.
type Look struct {
	// Colour: the output is a terminal that shows colours.
	Colour bool
	// Wide: nothing is cut, and there are more columns.
	Wide bool
}

// The colours, as SGR parameters (ECMA-48 §8.3.117).
const (
	Bold   = "1"
	Red    = "31"
	Yellow = "33"
	Green  = "32"
	Dim    = "2"
	Worst  = "1;31"
)

// Paint colours text, where there are colours.
func (l Look) Paint(colour, text string) string {
	if !l.Colour || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// SeverityColour is the colour of a drift.Severity.
func SeverityColour(s string) string {
	switch drift.Severity(s) {
	case drift.Critical:
		return Worst
	case drift.High:
		return Red
	case drift.Medium:
		return Yellow
	default:
		return Dim
	}
}

// mostCell is how long a value may be in a table that is not wide.
const mostCell = 48

// Cell is text for a column: printable, and cut unless the look is wide.
func (l Look) Cell(text string) string {
	text = Printable(text)
	if l.Wide || utf8.RuneCountInString(text) <= mostCell {
		return text
	}
	return string([]rune(text)[:mostCell-1]) + "…"
}

// Table writes rows in columns. The first row is the header; paint colours a cell that is already as wide as its column.
func (l Look) Table(w *strings.Builder, indent string, rows [][]string, paint func(row, column int, text string) string) {
	var widths []int
	for _, row := range rows {
		for i := range row {
			if i < len(row)-1 || l.Wide {
				row[i] = l.Cell(row[i])
			} else {
				row[i] = Printable(row[i]) // nothing is beside the last column that it could push away
			}
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for r, row := range rows {
		var line strings.Builder
		for i, text := range row {
			pad := ""
			if i < len(row)-1 {
				pad = strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2)
			}
			if paint != nil && r > 0 {
				text = paint(r-1, i, text)
			}
			line.WriteString(text + pad)
		}
		fmt.Fprintln(w, indent+strings.TrimRight(line.String(), " "))
	}
}

// near lists those of the known words that are a slip or two away from a word, nearest first; three at most.
func near(word string, known []string) []string {
	type candidate struct {
		word string
		away int
	}
	var list []candidate
	for _, k := range known {
		a, b := strings.ToLower(word), strings.ToLower(k)
		if away := distance(a, b); away <= max(2, len(b)/3) || strings.HasPrefix(b, a) {
			list = append(list, candidate{k, away})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return a.away - b.away })
	var words []string
	for _, c := range list[:min(3, len(list))] {
		words = append(words, c.word)
	}
	return words
}

// distance is how many letters are to be added, taken away, changed or swapped with their neighbour to come from one word to
// the other (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j-1]+cost, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// DidYouMean is the end of an error about an unknown word.
func DidYouMean(word string, known []string) string {
	if words := near(word, known); len(words) > 0 {
		return "; did you mean " + strings.Join(words, ", ") + "?"
	}
	return ""
}

// Printable replaces what a terminal would obey: names and tags come from AWS, where anybody may have written them.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, text)
}

// OrDash is text, or - for none.
func OrDash(text string) string { return cmp.Or(text, "-") }

// Count is a number with its noun, in the plural unless it is 1.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
