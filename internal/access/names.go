package access

// Namer names accounts as short as can be: connection/name, and with the resource
// behind it where another account of these has the same name on another one.
func Namer(all []Ref) func(Ref) string {
	resources := map[string]string{}
	several := map[string]bool{}
	for _, r := range all {
		name := r.String()
		if was, seen := resources[name]; seen && was != r.Resource {
			several[name] = true
		}
		resources[name] = r.Resource
	}
	return func(r Ref) string {
		if several[r.String()] {
			return r.String() + " on " + r.Resource
		}
		return r.String()
	}
}
