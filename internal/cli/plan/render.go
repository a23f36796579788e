// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"html"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// verbs say what happens to an object, with the sign that stands before it.
var verbs = map[resource.Action]struct{ sign, verb string }{
	resource.ActionNone:    {" ", "stays as it is"},
	resource.ActionCreate:  {"+", "will be created"},
	resource.ActionAdopt:   {"*", "will be adopted"},
	resource.ActionUpdate:  {"~", "will be changed"},
	resource.ActionDelete:  {"-", "will be deleted"},
	resource.ActionRelease: {"/", "will be released: its owner tags are taken off, nothing else"},
}

// actions in the order of the summary.
var actions = []struct {
	action resource.Action
	to     string
}{
	{resource.ActionCreate, "create"}, {resource.ActionAdopt, "adopt"}, {resource.ActionUpdate, "change"},
	{resource.ActionDelete, "delete"}, {resource.ActionRelease, "release"},
}

// paint colours what happens.
func paint(l style.Look, action resource.Action, text string) string {
	switch action {
	case resource.ActionCreate:
		return l.Paint(style.Green, text)
	case resource.ActionDelete:
		return l.Paint(style.Red, text)
	case resource.ActionNone:
		return text
	}
	return l.Paint(style.Yellow, text)
}

// Render writes a plan for people.
func Render(w *strings.Builder, l style.Look, list []For) {
	for _, p := range list {
		fmt.Fprintf(w, "%s  %s\n", l.Paint(style.Bold, p.full()), p.what())
		if p.Refused != "" {
			fmt.Fprintln(w, "  "+l.Paint(style.Red, "! "+style.Printable(p.Refused)))
		}
		for _, o := range p.Objects {
			renderObject(w, l, o)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, summary(list))
}

// what says what is planned for: an application or a deletion.
func (p For) what() string {
	switch {
	case p.Deleted && p.Mode != "Enforce":
		return "deleted in mode " + p.Mode + ": everything stays in AWS"
	case p.Deleted:
		return "deleted"
	case p.Mode == "Suspend":
		return "mode Suspend: AWS is neither read nor written"
	case p.Mode != "Enforce":
		return "mode " + p.Mode + ": nothing is written"
	}
	return "mode " + p.Mode
}

// quiet tells that there is nothing to say about an object.
func quiet(o resource.Planned) bool {
	return o.Action == resource.ActionNone && len(o.Differences)+len(o.Held)+len(o.Warnings) == 0
}

func renderObject(w *strings.Builder, l style.Look, o resource.Planned) {
	if quiet(o) {
		return
	}
	v := verbs[o.Action]
	fmt.Fprintf(w, "  %s\n", paint(l, o.Action, fmt.Sprintf("%s %s %s", v.sign, style.Printable(o.ID.String()), v.verb)))
	for _, held := range o.Held {
		fmt.Fprintln(w, "      "+l.Paint(style.Red, "! "+style.Printable(held)))
	}
	for _, warning := range o.Warnings {
		fmt.Fprintln(w, "      "+l.Paint(style.Yellow, "! "+style.Printable(warning)))
	}
	rows := [][]string{{"", "FIELD", "FROM", "TO"}}
	for _, d := range o.Changes {
		rows = append(rows, []string{signOf(d), d.Path, style.OrDash(d.Observed), style.OrDash(d.Desired)})
	}
	for _, d := range o.Differences {
		rows = append(rows, []string{"=", d.Path, style.OrDash(d.Observed), "stays; declared: " + style.OrDash(d.Desired)})
	}
	if len(rows) > 1 {
		l.Table(w, "      ", rows, nil)
	}
}

func signOf(d drift.Difference) string {
	switch {
	case d.Observed == "" || d.Observed == drift.Absent:
		return "+"
	case d.Desired == "" || d.Desired == drift.Absent:
		return "-"
	}
	return "~"
}

// summary is one line.
func summary(list []For) string {
	var parts []string
	held, stays := 0, 0
	for _, a := range actions {
		n := 0
		for _, p := range list {
			n += p.count(a.action)
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, a.to))
		}
	}
	for _, p := range list {
		held += p.Held()
		for _, o := range p.Objects {
			stays += len(o.Differences)
		}
	}
	text := "Plan: " + cmp.Or(strings.Join(parts, ", "), "nothing changes in AWS") + "."
	if stays > 0 {
		verb := "stay"
		if stays == 1 {
			verb = "stays"
		}
		text += fmt.Sprintf(" %s %s.", style.Count(stays, "difference"), verb)
	}
	if held > 0 {
		text += fmt.Sprintf(" Held up: %d, see !.", held)
	}
	return text
}

// mostMarkdown keeps a comment below what hosts of pull requests take: 65,536 characters on GitHub.
const mostMarkdown = 60000

// Markdown writes a plan as a comment on a pull request. Values are shown as code, so that nothing in them is taken for
// markup, a link or a mention.
func Markdown(list []For) string {
	var w strings.Builder
	fmt.Fprintf(&w, "**%s**\n", summary(list))
	for n, p := range list {
		var part strings.Builder
		markdownOf(&part, p)
		if w.Len()+part.Len() > mostMarkdown {
			fmt.Fprintf(&w, "\n%s of %d are left out: the comment would be too long.\n", style.Count(len(list)-n, "object"), len(list))
			break
		}
		w.WriteString(part.String())
	}
	return w.String()
}

func markdownOf(w *strings.Builder, p For) {
	fmt.Fprintf(w, "\n#### %s %s\n\n", code(p.full()), p.what())
	if p.Refused != "" {
		fmt.Fprintf(w, "⚠️ %s\n\n", code(p.Refused))
	}
	rows := 0
	row := func(cells ...string) {
		if rows++; rows == 1 {
			fmt.Fprint(w, "| | Object | Field | From | To |\n|---|---|---|---|---|\n")
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	for _, o := range p.Objects {
		if quiet(o) {
			continue
		}
		v := verbs[o.Action]
		row(code(v.sign), code(o.ID.String()), v.verb, "", "")
		for _, d := range o.Changes {
			row(code(signOf(d)), "", code(d.Path), code(style.OrDash(d.Observed)), code(style.OrDash(d.Desired)))
		}
		for _, d := range o.Differences {
			row("=", "", code(d.Path), code(style.OrDash(d.Observed)), "stays; declared: "+code(style.OrDash(d.Desired)))
		}
		for _, text := range append(append([]string{}, o.Held...), o.Warnings...) {
			row("⚠️", "", code(text), "", "")
		}
	}
}

// code is text in an HTML code element: unlike backticks, it can hold any text, also in a table.
func code(text string) string {
	text = html.EscapeString(style.Printable(text))
	for _, c := range "|`*_[]@#~\\" {
		text = strings.ReplaceAll(text, string(c), fmt.Sprintf("\x00%d;", c))
	}
	return "<code>" + strings.ReplaceAll(text, "\x00", "&#") + "</code>"
}

// Report is what programs read of a plan.
func Report(list []For) map[string]any {
	items := []map[string]any{}
	for _, p := range list {
		objects := []map[string]any{}
		for _, o := range p.Objects {
			objects = append(objects, map[string]any{
				"kind": o.ID.Kind, "name": o.ID.Name, "arn": o.ARN, "action": cmp.Or(string(o.Action), "None"),
				"changes": fieldsOf(o.Changes), "differences": fieldsOf(o.Differences), "held": o.Held, "warnings": o.Warnings,
			})
		}
		items = append(items, map[string]any{"kind": p.Kind, "namespace": p.Namespace, "name": p.Name, "mode": p.Mode, "deleted": p.Deleted,
			"refused": p.Refused, "objects": objects})
	}
	return map[string]any{"items": items, "summary": summary(list)}
}

func fieldsOf(list []drift.Difference) []map[string]any {
	fields := []map[string]any{}
	for _, d := range list {
		fields = append(fields, map[string]any{"path": d.Path, "from": d.Observed, "to": d.Desired, "severity": d.Severity, "reason": d.Reason})
	}
	return fields
}
