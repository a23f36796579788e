// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fargate-security/fargate-security-operator/test/argolua"
)

type health = argolua.Health

// action is what a discovery script says of one action.
type action struct {
	Name        string `json:"name"`
	Disabled    bool   `json:"disabled"`
	IconClass   string `json:"iconClass,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// fromLua is the way back. Lua does not tell an empty list from an empty object: like Argo CD's library, it takes both for a
// list, and the object that was there before says what it was.
func fromLua(value lua.LValue, before any) any {
	switch v := value.(type) {
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return int64(v)
	case *lua.LTable:
		if v.Len() == 0 {
			return objectFromLua(v, before)
		}
		old, _ := before.([]any)
		list := make([]any, v.Len())
		for i := range list {
			var was any
			if i < len(old) {
				was = old[i]
			}
			list[i] = fromLua(v.RawGetInt(i+1), was)
		}
		return list
	}
	return nil
}

func objectFromLua(table *lua.LTable, before any) any {
	old, wasObject := before.(map[string]any)
	object := map[string]any{}
	table.ForEach(func(key, item lua.LValue) { object[key.String()] = fromLua(item, old[key.String()]) })
	if len(object) == 0 && !wasObject {
		return []any{}
	}
	return object
}

// script reads a script of the object's kind.
func script(t *testing.T, obj *unstructured.Unstructured, path ...string) string {
	t.Helper()
	gvk := obj.GroupVersionKind()
	text, err := os.ReadFile(filepath.Join(append([]string{scripts, gvk.Group, gvk.Kind}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// healthOf is the health of an object, as the script of its kind says it.
func healthOf(t *testing.T, obj *unstructured.Unstructured) health {
	t.Helper()
	h, err := argolua.HealthOf(obj.Object, script(t, obj, "health.lua"))
	if err != nil {
		t.Fatalf("health of %s %s: %v", obj.GetKind(), obj.GetName(), err)
	}
	return h
}

// discover lists the actions that fit an object, by name.
func discover(t *testing.T, obj *unstructured.Unstructured) []action {
	t.Helper()
	result, err := argolua.Run(obj.Object, script(t, obj, "actions", "discovery.lua"))
	if err != nil {
		t.Fatalf("actions for %s %s: %v", obj.GetKind(), obj.GetName(), err)
	}
	list := []action{}
	result.(*lua.LTable).ForEach(func(name, value lua.LValue) {
		about := value.(*lua.LTable)
		list = append(list, action{Name: name.String(), Disabled: lua.LVAsBool(about.RawGetString("disabled")),
			IconClass: lua.LVAsString(about.RawGetString("iconClass")), DisplayName: lua.LVAsString(about.RawGetString("displayName"))})
	})
	slices.SortFunc(list, func(a, b action) int { return compareText(a.Name, b.Name) })
	return list
}

// act is the object as an action's script returns it.
func act(t *testing.T, obj *unstructured.Unstructured, name string) *unstructured.Unstructured {
	t.Helper()
	result, err := argolua.Run(obj.Object, script(t, obj, "actions", name, "action.lua"))
	if err != nil {
		t.Fatalf("action %s on %s %s: %v", name, obj.GetKind(), obj.GetName(), err)
	}
	changed, ok := fromLua(result, obj.Object).(map[string]any)
	if !ok {
		t.Fatalf("action %s returned no object", name)
	}
	return &unstructured.Unstructured{Object: changed}
}
