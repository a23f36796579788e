// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"
)

// report is what one run of the bench found.
type report struct {
	Date    time.Time `json:"date"`
	Commit  string    `json:"commit"`
	Size    string    `json:"size"`
	Machine machine   `json:"machine"`
	Figures []figure  `json:"figures"`
}

// figure is one number, and the number that it should be.
type figure struct {
	Section  string  `json:"section"`
	Name     string  `json:"figure"`
	Measured float64 `json:"measured"`
	Unit     string  `json:"unit,omitempty"`
	// Target is the most that Measured may be, or the least where AtLeast; nil where nothing is to be reached.
	Target  *float64 `json:"target,omitempty"`
	AtLeast bool     `json:"atLeast,omitempty"`
	// Ratio is Measured by Target.
	Ratio   *float64 `json:"ratio,omitempty"`
	Reached *bool    `json:"reached,omitempty"`
	Note    string   `json:"note,omitempty"`
}

func (r *report) add(f figure) {
	if f.Target != nil {
		reached := f.Measured <= *f.Target
		if f.AtLeast {
			reached = f.Measured >= *f.Target
		}
		f.Reached = &reached
		if *f.Target != 0 {
			ratio := f.Measured / *f.Target
			f.Ratio = &ratio
		}
	}
	r.Figures = append(r.Figures, f)
	progress("  %s: %s %s", f.Name, number(f.Measured), f.Unit)
}

// shown adds a figure that has no target.
func (r *report) shown(section, name string, measured float64, unit, note string) {
	r.add(figure{Section: section, Name: name, Measured: measured, Unit: unit, Note: note})
}

// atMost adds a figure that should not be larger than its target.
func (r *report) atMost(section, name string, measured, target float64, unit, note string) {
	r.add(figure{Section: section, Name: name, Measured: measured, Target: &target, Unit: unit, Note: note})
}

// atLeast adds a figure that should not be smaller than its target.
func (r *report) atLeast(section, name string, measured, target float64, unit, note string) {
	r.add(figure{Section: section, Name: name, Measured: measured, Target: &target, AtLeast: true, Unit: unit, Note: note})
}

func (r *report) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...any) { _, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", cells...) }
	line("section", "figure", "measured", "target", "ratio", "reached", "")
	for _, f := range r.Figures {
		target, ratio, reached := "", "", ""
		if f.Target != nil {
			target = map[bool]string{false: "<= ", true: ">= "}[f.AtLeast] + number(*f.Target)
			reached = map[bool]string{false: "NO", true: "yes"}[*f.Reached]
		}
		if f.Ratio != nil {
			ratio = number(*f.Ratio)
		}
		line(f.Section, f.Name, number(f.Measured)+" "+f.Unit, target, ratio, reached, f.Note)
	}
	_ = table.Flush()
}

func number(x float64) string {
	digits := 2
	if x >= 100 {
		digits = 0
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

func (r *report) write(path string) error {
	r.Date = time.Now().UTC().Truncate(time.Second)
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // for everybody to read
}
