package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
)

// largest is the largest whole number that every JSON reader keeps exactly.
const largest = 1<<53 - 1

// DataJSON is the data of the event in canonical form.
func (e Event) DataJSON() ([]byte, error) {
	data, err := plainMap(e.Data)
	if err != nil {
		return nil, err
	}
	return appendValue(nil, data)
}

// ParseData reads the data of a row from JSON. It never fails: what is no
// canonical data (a fraction, a null, a list, no JSON at all) comes back as
// something that has no hash, so that the row is found changed rather than
// the reading of its chain cut short.
func ParseData(raw []byte) map[string]any {
	spoilt := map[string]any{"not canonical data": nil}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil || v == nil {
		return spoilt
	}
	if _, err := d.Token(); err != io.EOF {
		return spoilt
	}
	if plain, err := plainMap(v); err == nil {
		return plain
	}
	return v
}

func plainMap(in map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(in))
	for k, v := range in {
		p, err := plain(reflect.ValueOf(v))
		if err != nil {
			return out, fmt.Errorf("data %q: %w", k, err)
		}
		out[storable(k)] = p
	}
	return out, nil
}

// plain turns a value into the types that canonical data is made of: string,
// int64, bool, []any and map[string]any.
func plain(v reflect.Value) (any, error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil, errors.New("nothing has no canonical form")
	}
	if n, ok := reflect.TypeAssert[json.Number](v); ok {
		return wholeNumber(n)
	}
	switch v.Kind() {
	case reflect.String:
		return storable(v.String()), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return inRange(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return inRange(int64(min(v.Uint(), 1<<62)))
	case reflect.Slice, reflect.Array:
		return plainList(v)
	case reflect.Map:
		return plainAnyMap(v)
	default:
		return nil, fmt.Errorf("a %s has no canonical form", v.Type())
	}
}

func plainList(v reflect.Value) (any, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return nil, fmt.Errorf("a %s has no canonical form", v.Type())
	}
	out := make([]any, v.Len())
	for i := range out {
		p, err := plain(v.Index(i))
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		out[i] = p
	}
	return out, nil
}

func plainAnyMap(v reflect.Value) (any, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a %s has no canonical form", v.Type())
	}
	m := make(map[string]any, v.Len())
	for it := v.MapRange(); it.Next(); {
		m[it.Key().String()] = it.Value().Interface()
	}
	return plainMap(m)
}

func inRange(n int64) (any, error) {
	if n > largest || n < -largest {
		return nil, fmt.Errorf("the number %d is too large: write it as a string", n)
	}
	return n, nil
}

func wholeNumber(n json.Number) (any, error) {
	i, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil || strconv.FormatInt(i, 10) != n.String() {
		return nil, fmt.Errorf("%s is not a whole number in its one form", n)
	}
	return inRange(i)
}
