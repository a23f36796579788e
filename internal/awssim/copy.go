// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"reflect"
	"time"
	"unsafe"
)

// deepCopy returns a copy of v that shares nothing with it that can change:
// pointers, maps, slices and structs are followed, unexported fields included.
// Two pointers to one thing become two pointers to one copy. Functions are
// shared; those that the state holds (eksUpdateState) change their argument only.
func deepCopy[T any](v T) T {
	c := copier{}
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	c.copy(out, reflect.ValueOf(&v).Elem())
	return out.Interface().(T)
}

// copier remembers what was copied, by its old address.
type copier map[unsafe.Pointer]reflect.Value

var timeType = reflect.TypeFor[time.Time]()

// copy sets to, which is settable, to a copy of from, which is addressable.
func (c copier) copy(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Pointer:
		c.pointer(to, from)
	case reflect.Map:
		c.mapping(to, from)
	case reflect.Slice:
		c.slice(to, from)
	case reflect.Struct:
		c.structure(to, from)
	default: // an interface in the state would need a case of its own: TestDeepCopyKnowsTheState
		to.Set(from)
	}
}

func (c copier) pointer(to, from reflect.Value) {
	if from.IsNil() {
		return
	}
	have, ok := c[from.UnsafePointer()]
	if !ok || have.Type() != from.Type() {
		have = reflect.New(from.Type().Elem())
		c[from.UnsafePointer()] = have
		c.copy(have.Elem(), from.Elem())
	}
	to.Set(have)
}

func (c copier) mapping(to, from reflect.Value) {
	if from.IsNil() {
		return
	}
	to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
	key, value := reflect.New(from.Type().Key()).Elem(), reflect.New(from.Type().Elem()).Elem()
	for each := from.MapRange(); each.Next(); {
		key.SetIterKey(each)
		value.SetIterValue(each)
		copied := reflect.New(value.Type()).Elem()
		c.copy(copied, value)
		to.SetMapIndex(key, copied)
	}
}

func (c copier) slice(to, from reflect.Value) {
	if from.IsNil() {
		return
	}
	to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
	for i := range from.Len() {
		c.copy(to.Index(i), from.Index(i))
	}
}

func (c copier) structure(to, from reflect.Value) {
	if from.Type().ConvertibleTo(timeType) { // its Location is compared by address
		to.Set(from)
		return
	}
	for i := range from.NumField() {
		c.copy(open(to.Field(i)), open(from.Field(i)))
	}
}

// open is a field as if it were exported: reflect reads and sets no others.
func open(field reflect.Value) reflect.Value {
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}
