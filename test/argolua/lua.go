// SPDX-License-Identifier: Apache-2.0

// Package argolua runs the scripts of config/argocd as Argo CD does, for the tests and for the demo.
package argolua

import (
	"context"
	"fmt"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Health is what a health check says. The statuses are Argo CD's: Healthy, Progressing, Degraded, Suspended.
type Health struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// HealthOf is the health of an object, as a health script says it.
func HealthOf(obj map[string]any, script string) (Health, error) {
	result, err := Run(obj, script)
	if err != nil {
		return Health{}, err
	}
	table, ok := result.(*lua.LTable)
	if !ok {
		return Health{}, fmt.Errorf("the script returned a %s, not a table", result.Type())
	}
	h := Health{Status: lua.LVAsString(table.RawGetString("status")), Message: lua.LVAsString(table.RawGetString("message"))}
	if !slices.Contains([]string{"Healthy", "Progressing", "Degraded", "Suspended"}, h.Status) {
		return h, fmt.Errorf("there is no status %q in Argo CD", h.Status)
	}
	return h, nil
}

// Run runs a script with the object in the global obj, in what Argo CD gives to scripts that argocd-cm holds: the
// libraries package, base and table, and of os only time and date. No string library: useOpenLibs is off by default. A second
// is all the time there is. Source: util/lua/lua.go and util/lua/oslib_safe.go of argoproj/argo-cd.
func Run(obj map[string]any, script string) (lua.LValue, error) {
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
	l.SetGlobal("obj", toLua(l, obj))
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
