// SPDX-License-Identifier: Apache-2.0

package argocd_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// health is what a health check says. The statuses are Argo CD's: Healthy, Progressing, Degraded, Suspended.
type health struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// action is what a discovery script says of one action.
type action struct {
	Name        string `json:"name"`
	Disabled    bool   `json:"disabled"`
	IconClass   string `json:"iconClass,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// runLua runs a script with the object in the global obj, in what Argo CD gives to scripts that argocd-cm holds: the
// libraries package, base and table, and of os only time and date. No string library: useOpenLibs is off by default. A second
// is all the time there is. Source: util/lua/lua.go and util/lua/oslib_safe.go of argoproj/argo-cd.
func runLua(obj *unstructured.Unstructured, script string) (lua.LValue, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	l.PreloadModule(lua.OsLibName, safeOS)
	// Argo CD's second, and what a machine under load may need besides.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l.SetContext(ctx)
	l.SetGlobal("obj", toLua(l, obj.Object))
	if err := l.DoString(script); err != nil {
		return nil, err
	}
	return l.Get(-1), nil
}

// safeOS is the os library without what reaches outside.
func safeOS(l *lua.LState) int {
	lua.OpenOs(l)
	full := l.CheckTable(-1)
	safe := l.NewTable()
	for _, name := range []string{"time", "date"} {
		l.SetField(safe, name, l.GetField(full, name))
	}
	l.SetGlobal(lua.OsLibName, lua.LNil)
	l.Push(safe)
	return 1
}

func toLua(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		table := l.CreateTable(len(v), 0)
		for _, item := range v {
			table.Append(toLua(l, item))
		}
		return table
	case map[string]any:
		table := l.CreateTable(0, len(v))
		for key, item := range v {
			table.RawSetString(key, toLua(l, item))
		}
		return table
	}
	return lua.LNil
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
	h, err := runHealth(obj, script(t, obj, "health.lua"))
	if err != nil {
		t.Fatalf("health of %s %s: %v", obj.GetKind(), obj.GetName(), err)
	}
	return h
}

func runHealth(obj *unstructured.Unstructured, script string) (health, error) {
	result, err := runLua(obj, script)
	if err != nil {
		return health{}, err
	}
	table, ok := result.(*lua.LTable)
	if !ok {
		return health{}, fmt.Errorf("the script returned a %s, not a table", result.Type())
	}
	h := health{Status: lua.LVAsString(table.RawGetString("status")), Message: lua.LVAsString(table.RawGetString("message"))}
	if !slices.Contains([]string{"Healthy", "Progressing", "Degraded", "Suspended"}, h.Status) {
		return h, fmt.Errorf("Argo CD knows no status %q", h.Status)
	}
	return h, nil
}

// discover lists the actions that fit an object, by name.
func discover(t *testing.T, obj *unstructured.Unstructured) []action {
	t.Helper()
	result, err := runLua(obj, script(t, obj, "actions", "discovery.lua"))
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
	result, err := runLua(obj, script(t, obj, "actions", name, "action.lua"))
	if err != nil {
		t.Fatalf("action %s on %s %s: %v", name, obj.GetKind(), obj.GetName(), err)
	}
	changed, ok := fromLua(result, obj.Object).(map[string]any)
	if !ok {
		t.Fatalf("action %s returned no object", name)
	}
	return &unstructured.Unstructured{Object: changed}
}
