// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/controllers/kinds"
)

// argoDir has what Argo CD is to know of the kinds, in the shape of its own resource_customizations: <group>/<Kind>/health.lua
// and actions/ (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/, .../resource_actions/).
const argoDir = "config/argocd"

// argoKind is a kind of custom resource as the templates of Argo CD's scripts see it.
type argoKind struct {
	Group, Kind string
	// Declares: it declares AWS objects, so that it has a mode and drift.
	Declares bool
}

// argoKinds are the kinds in the order of argocd-cm.yaml: the account, and whatever kinds.All lists.
func argoKinds() []argoKind {
	list := []argoKind{{Group: v1alpha1.GroupVersion.Group, Kind: "AWSAccount"}}
	for _, kind := range kinds.All {
		_, group, _ := strings.Cut(kind.CRD, ".")
		list = append(list, argoKind{Group: group, Kind: kind.Name, Declares: true})
	}
	return list
}

// argoScript is one Lua script of a kind.
type argoScript struct {
	path, template string // path is relative to the kind's directory
	data           any
}

// actions are the names of what can be done with an object of the kind, in alphabetical order.
func (k argoKind) actions() []string {
	if !k.Declares {
		return []string{"reconcile"}
	}
	return []string{"enforce", "observe", "reconcile", "suspend"}
}

// action is the script of one action.
func (k argoKind) action(name string) argoScript {
	script := argoScript{path: path.Join("actions", name, "action.lua"), template: "argocd-mode.lua.tmpl"}
	switch name {
	case "reconcile":
		script.template, script.data = "argocd-reconcile.lua.tmpl", map[string]any{"Annotation": v1alpha1.ReconcileRequestAnnotation}
	case "enforce":
		script.data = map[string]any{"Mode": v1alpha1.ModeEnforce}
	case "observe":
		script.data = map[string]any{"Mode": v1alpha1.ModeObserve}
	case "suspend":
		script.data = map[string]any{"Mode": v1alpha1.ModeSuspend}
	}
	return script
}

func (k argoKind) health() argoScript {
	return argoScript{path: "health.lua", template: "argocd-health.lua.tmpl", data: k}
}

func (k argoKind) discovery() argoScript {
	return argoScript{path: "actions/discovery.lua", template: "argocd-discovery.lua.tmpl", data: k}
}

// argoPages are the files of all kinds, and the ConfigMap that holds them.
func argoPages() []page {
	var list []page
	for _, kind := range argoKinds() {
		scripts := []argoScript{kind.health(), kind.discovery()}
		for _, name := range kind.actions() {
			scripts = append(scripts, kind.action(name))
		}
		for _, s := range scripts {
			list = append(list, page{path.Join(argoDir, kind.Group, kind.Kind, s.path), s.template, func(string) (any, error) { return s.data, nil }})
		}
	}
	return append(list, page{path.Join(argoDir, "argocd-cm.yaml"), "argocd-cm.yaml.tmpl", argoConfigMapData})
}

// argoConfigMapData has the scripts of all kinds, as argocd-cm wants them.
func argoConfigMapData(root string) (any, error) {
	type action struct{ Name, Lua string }
	type customization struct {
		argoKind
		Health, Discovery string
		Actions           []action
	}
	var failed error
	lua := func(s argoScript) string {
		text, err := render(root, s.template, func(string) (any, error) { return s.data, nil })
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", s.template, err)
		}
		return string(text)
	}
	var list []customization
	for _, kind := range argoKinds() {
		c := customization{argoKind: kind, Health: lua(kind.health()), Discovery: lua(kind.discovery())}
		for _, name := range kind.actions() {
			c.Actions = append(c.Actions, action{name, lua(kind.action(name))})
		}
		list = append(list, c)
	}
	return map[string]any{"Kinds": list}, failed
}

// indent puts n spaces before each line that holds anything.
func indent(n int, text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = strings.Repeat(" ", n) + line
		}
	}
	return strings.Join(lines, "\n")
}
