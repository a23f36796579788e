// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// RenderDrift writes what differs, object by object. Objects without drift get a line together.
func RenderDrift(w *strings.Builder, l style.Look, objects []*Object, now time.Time) {
	clean := 0
	for _, o := range objects {
		if o.driftCount() == 0 && len(o.notes()) == 0 {
			clean++
			continue
		}
		renderDriftOf(w, l, o, now)
	}
	if clean > 0 {
		fmt.Fprintf(w, "%s without drift\n", l.Paint(style.Green, style.Count(clean, "object")))
	}
}

func renderDriftOf(w *strings.Builder, l style.Look, o *Object, now time.Time) {
	state := "no drift"
	switch {
	case o.driftCount() > 0:
		state = style.Count(o.driftCount(), "difference")
	case !o.driftKnown():
		state = "not known"
	}
	fmt.Fprintf(w, "%s  mode %s  %s\n", l.Paint(style.Bold, o.full()), o.Spec.Mode, state)
	for _, note := range o.notes() {
		fmt.Fprintln(w, "  "+l.Paint(style.Yellow, "! "+style.Printable(note)))
	}
	header := []string{"SEVERITY", "OBJECT", "FIELD", "DECLARED", "FOUND", "SINCE", "BY", "NEXT"}
	if l.Wide {
		header = append(header, "CONTROLS")
	}
	rows := [][]string{header}
	for _, d := range o.Status.Drift {
		row := []string{string(d.Severity), d.Resource, d.Path, style.OrDash(d.Desired), style.OrDash(d.Observed), age(d.FirstObservedTime.Time, now),
			style.OrDash(d.ChangedBy), o.next(d)}
		if l.Wide {
			row = append(row, style.OrDash(strings.Join(d.Controls, ",")))
		}
		rows = append(rows, row)
	}
	if len(rows) > 1 {
		l.Table(w, "  ", rows, func(_, column int, text string) string {
			if column == 0 {
				return l.Paint(style.SeverityColour(text), text)
			}
			return text
		})
	}
	if more := o.driftCount() - len(o.Status.Drift); more > 0 {
		fmt.Fprintf(w, "  and %d more, which status does not list\n", more)
	}
	fmt.Fprintln(w)
}

// RenderTree writes what is linked to what: account, object, AWS objects in dependency order (each may need those above it).
// The owner of an object that is only used is found among the objects that are shown.
func RenderTree(w *strings.Builder, l style.Look, objects []*Object) {
	byAccount, owners, users := map[string][]*Object{}, map[string]*Object{}, map[string][]*Object{}
	var accounts []string
	for _, o := range objects {
		account := o.Spec.AccountRef.Name
		if !slices.Contains(accounts, account) {
			accounts = append(accounts, account)
		}
		byAccount[account] = append(byAccount[account], o)
		for _, r := range o.Status.Resources {
			users[linkOf(o, r)] = append(users[linkOf(o, r)], o)
			if r.Origin == v1alpha1.Origin(resource.Created) || r.Origin == v1alpha1.Origin(resource.Adopted) {
				owners[linkOf(o, r)] = o
			}
		}
	}
	slices.Sort(accounts)
	for _, account := range accounts {
		fmt.Fprintln(w, l.Paint(style.Bold, "AWSAccount "+account))
		for i, o := range byAccount[account] {
			branch, below := branches(i == len(byAccount[account])-1)
			fmt.Fprintf(w, "%s%s  mode %s  %s\n", branch, o.full(), o.Spec.Mode, readyText(l, o))
			for j, r := range o.Status.Resources {
				leaf, _ := branches(j == len(o.Status.Resources)-1)
				link := linkOf(o, r)
				fmt.Fprintf(w, "%s%s%s  %s  %s  %s\n", below, leaf, l.Cell(r.Kind+"/"+r.Name), l.Paint(stateColour(r.State), style.OrDash(r.State)),
					cmp.Or(string(r.Origin), "NotOurs"), style.Printable(linkText(l, o, r, owners[link], users[link])))
			}
		}
	}
}

// linkOf identifies an AWS object among those of all accounts.
func linkOf(o *Object, r v1alpha1.ResourceStatus) string {
	return strings.Join([]string{o.Spec.AccountRef.Name, r.Kind, cmp.Or(r.ARN, r.Name)}, " ")
}

// linkText says whose an AWS object is, and who else uses it.
func linkText(l style.Look, o *Object, r v1alpha1.ResourceStatus, owner *Object, users []*Object) string {
	text := "owner: somebody else"
	switch {
	case owner == o:
		text = "owner: this object"
	case owner != nil:
		text = "owner: " + owner.full()
	case r.State == "Absent":
		text = "owner: nobody"
	}
	var others []string
	for _, u := range users {
		if u != o && u != owner {
			others = append(others, u.full())
		}
	}
	if len(others) > 0 {
		text += "; also used by " + strings.Join(others, ", ")
	}
	if l.Wide && r.ARN != "" {
		text += "  " + r.ARN
	}
	return text
}

func branches(last bool) (branch, below string) {
	if last {
		return "└─ ", "   "
	}
	return "├─ ", "│  "
}

func readyText(l style.Look, o *Object) string {
	c := o.condition(v1alpha1.ReadyCondition)
	if c == nil {
		return "Ready not known"
	}
	colour := map[string]string{"True": style.Green, "False": style.Red}[string(c.Status)]
	return l.Paint(colour, "Ready "+string(c.Status)) + " (" + c.Reason + ")"
}

func stateColour(state string) string {
	switch state {
	case "Active":
		return style.Green
	case "Absent":
		return style.Red
	default:
		return style.Yellow
	}
}

// RenderPosture writes the posture of each object, and of the controls that failed what they ask.
func RenderPosture(w *strings.Builder, l style.Look, objects []*Object) {
	header := []string{"KIND", "OBJECT", "SCORE", "PASSED", "FAILED", "FAILED CONTROLS"}
	rows, failed := [][]string{header}, map[string]int{}
	var ids []string
	for _, o := range objects {
		p := o.Status.Posture
		if p == nil {
			rows = append(rows, []string{o.Kind, o.ID(), "-", "-", "-", "not judged"})
			continue
		}
		for _, id := range p.FailedControls {
			if failed[id]++; failed[id] == 1 {
				ids = append(ids, id)
			}
		}
		rows = append(rows, []string{o.Kind, o.ID(), fmt.Sprint(p.Score), fmt.Sprint(p.Passed), fmt.Sprint(p.Failed), style.OrDash(strings.Join(p.FailedControls, ","))})
	}
	l.Table(w, "", rows, nil)
	if len(ids) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows = [][]string{{"CONTROL", "SEVERITY", "OBJECTS", "ASKS"}}
	for _, c := range controls.Catalogue() {
		if failed[c.ID] > 0 {
			rows = append(rows, []string{c.ID, string(c.Severity), fmt.Sprint(failed[c.ID]), c.Title})
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == c.ID })
		}
	}
	for _, id := range ids { // a newer operator has controls that this plugin does not know
		rows = append(rows, []string{id, "-", fmt.Sprint(failed[id]), "(not known to this version of the plugin)"})
	}
	whole := l
	whole.Wide = true // what a control asks is the point of the table
	whole.Table(w, "", rows, func(_, column int, text string) string {
		if column == 1 {
			return l.Paint(style.SeverityColour(text), text)
		}
		return text
	})
}

// RenderControl explains one control.
func RenderControl(w *strings.Builder, l style.Look, c controls.Control) {
	fmt.Fprintf(w, "%s  %s\n%s\n\n", l.Paint(style.Bold, c.ID), l.Paint(style.SeverityColour(string(c.Severity)), string(c.Severity)), c.Title)
	fmt.Fprintf(w, "Looks at:    %s\nTo fix:      %s\n", c.LooksAt, c.Remediation)
	if len(c.References) > 0 {
		fmt.Fprintf(w, "References:  %s\n", strings.Join(c.References, "\n             "))
	}
}

// RenderControls lists controls.
func RenderControls(w *strings.Builder, l style.Look, list []controls.Control) {
	rows := [][]string{{"CONTROL", "SEVERITY", "ASKS"}}
	for _, c := range list {
		rows = append(rows, []string{c.ID, string(c.Severity), c.Title})
	}
	l.Wide = true
	l.Table(w, "", rows, func(_, column int, text string) string {
		if column == 1 {
			return l.Paint(style.SeverityColour(text), text)
		}
		return text
	})
}

func age(since, now time.Time) string {
	if since.IsZero() {
		return "-"
	}
	return duration.HumanDuration(now.Sub(since))
}
